// Step 5 of life-of-a-request: client address, scheme, host and port (spec 5.2).
#include "proxy/forwarded.h"

#include "weir/base/ascii.h"

namespace weir::proxy {
namespace {

bool is_trusted(const features::Settings& settings, const base::IpAddress& address) {
  for (const base::Cidr& range : settings.proxy_real_ip_cidr) {
    if (range.contains(address)) return true;
  }
  return false;
}

// "1.2.3.4", "1.2.3.4:80", "::1", "[::1]", "[::1]:80".
std::optional<base::IpAddress> parse_element(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    return base::parse_ip(text.substr(0, end + 1));
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
    text = text.substr(0, colon);
  }
  return base::parse_ip(text);
}

// From the right: trusted addresses are skipped, the first one that is not (or the leftmost) wins, a malformed element
// ends the walk.
base::IpAddress walk(const features::Settings& settings, base::IpAddress address, std::string_view list) {
  while (!list.empty() && is_trusted(settings, address)) {
    const std::size_t comma = list.rfind(',');
    const std::string_view element = base::trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
    const std::optional<base::IpAddress> parsed = parse_element(element);
    if (!parsed) break;
    address = *parsed;
  }
  return address;
}

// A PROXY header counts if its sender is trusted, whatever its contents.
bool is_proxied(const ClientConnection& connection, const features::Settings& settings) {
  return connection.proxied && settings.use_proxy_protocol && is_trusted(settings, connection.address);
}

void resolve_address(RequestContext& request, const features::Settings& settings) {
  Forwarded& out = request.forwarded;
  const ClientConnection& connection = *request.connection;
  out.address = address_of(connection, settings);
  out.client_port = is_proxied(connection, settings) ? connection.proxied->source_port : connection.port;
  // With PROXY the header counts only where it is trusted to say more than that (spec 4.15).
  const bool from_header = settings.use_forwarded_headers || (settings.enable_real_ip && !settings.use_proxy_protocol);
  if (from_header) {
    std::string list;
    append_joined(request.head.fields, settings.forwarded_for_header, list);
    if (!list.empty()) out.address = walk(settings, out.address, list);
  }
  if (out.address == request.connection->address) {
    out.address_text = request.connection->address_text;
  } else {
    out.address_text = out.address.to_string();
  }
}

// X-Forwarded-Proto, -Host and -Port, from any peer (spec 5.2).
void take_forwarded(RequestContext& request) {
  Forwarded& out = request.forwarded;
  const http::Fields& fields = request.head.fields;
  if (std::string_view proto = fields.get(http::FieldId::forwarded_proto); !proto.empty()) out.scheme = proto;
  if (std::string_view host = fields.get(http::FieldId::forwarded_host); !host.empty()) {
    out.host = base::trim(host.substr(0, host.find(',')));
  }
  if (std::string_view port = fields.get(http::FieldId::forwarded_port); !port.empty()) {
    out.port = port == std::to_string(request.table->https_port) ? std::string("443") : std::string(port);
  }
}

}  // namespace

void append_joined(const http::Fields& fields, std::string_view name, std::string& out) {
  const std::size_t start = out.size();
  for (const http::Field& field : fields.all()) {
    if (field.name_size != name.size() || !base::iequals(fields.name(field), name)) continue;
    const std::string_view value = fields.value(field);
    if (value.empty()) continue;
    if (out.size() > start) out += ", ";
    out += value;
  }
}

bool has_trusted_proxy_header(const ClientConnection& connection, const features::Settings& settings) {
  return connection.proxied && is_trusted(settings, connection.address);
}

base::IpAddress address_of(const ClientConnection& connection, const features::Settings& settings) {
  return is_proxied(connection, settings) ? connection.proxied->source : connection.address;
}

void resolve_forwarded(RequestContext& request) {
  const features::Settings& settings = request.settings();
  const ClientConnection& connection = *request.connection;
  Forwarded& out = request.forwarded;
  resolve_address(request, settings);
  out.scheme = connection.https ? "https" : "http";
  out.host = request.head.authority;
  // A request on the HTTPS port shows 443, whatever the port's number (spec 5.1).
  out.port = connection.https ? "443" : std::to_string(connection.local_port);
  out.trusted = settings.use_forwarded_headers;
  const std::uint16_t proxied_port =
      settings.use_proxy_protocol && connection.proxied ? connection.proxied->destination_port : std::uint16_t{0};
  if (proxied_port != 0) out.port = proxied_port == request.table->https_port ? "443" : std::to_string(proxied_port);
  if (out.trusted) take_forwarded(request);
  // What the load balancer was asked on its port 443 came over TLS, whatever a header says (spec 4.15).
  if (proxied_port == 443) out.scheme = "https";
}

void append_proxied_for(const RequestContext& request, std::string& out) {
  const ClientConnection& connection = *request.connection;
  if (is_proxied(connection, request.settings())) {
    out += connection.proxied->source.to_string();
  } else {
    out += connection.address_text;
  }
}

}  // namespace weir::proxy
