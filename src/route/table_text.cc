#include "route/table_text.h"

#include "route/host_matcher.h"
#include "weir/base/ascii.h"
#include "weir/features/annotation_table.h"
#include "weir/features/settings_table.h"

#include <algorithm>

namespace weir::route {
namespace {

// One "key: value" line. Control characters would let a path or value forge lines.
void line(std::string& out, std::string_view indent, std::string_view key, std::string_view value) {
  out.append(indent).append(key).append(": ");
  for (char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
      continue;
    }
    constexpr char kDigits[] = "0123456789abcdef";
    out.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
  }
  out += '\n';
}

std::string certificate_text(const tls::Certificate& certificate) {
  return base::join(certificate.names(), " ") + " (sha1 " + certificate.fingerprint() + ")";
}

// What the annotation table prints for built-in defaults; only differences are shown.
const std::vector<std::string>& default_policy_texts() {
  static const std::vector<std::string> texts = [] {
    std::vector<std::string> all;
    const features::Policies defaults;
    for (const features::AnnotationRow& row : features::annotation_table()) {
      all.push_back(row.print ? row.print(defaults) : std::string());
    }
    return all;
  }();
  return texts;
}

void policy_lines(std::string& out, std::string_view indent, const features::Policies& policies) {
  static const features::Policies defaults;
  if (policies == defaults) return;
  const auto rows = features::annotation_table();
  const auto& default_texts = default_policy_texts();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].print) continue;
    const std::string value = rows[i].print(policies);
    if (value != default_texts[i]) line(out, indent, rows[i].key, value);
  }
  if (policies.https_redirect.exempt) line(out, indent, "https redirect", "never on this path");
}

void location_text(std::string& out, const RoutingTable& table, const Host& host, std::uint32_t position) {
  const Location& location = host.locations[position];
  const Backend* backend = table.find_backend(location.backend);
  line(out, "  ", "location", (location.type == PathType::exact ? "exact " : "prefix ") + location.path);
  if (location.untouched_default)
    line(out, "    ", "origin", "built-in");
  else if (location.implicit)
    line(out, "    ", "origin", "implicit");
  if (!location.ingress.empty()) line(out, "    ", "ingress", location.ns + "/" + location.ingress);
  if (!location.service.empty()) line(out, "    ", "service", location.service + ":" + location.service_port);
  line(out, "    ", "backend", backend ? backend->name : "built-in 404");
  if (const Backend* errors = table.find_backend(location.error_backend)) {
    line(out, "    ", "error backend", errors->name);
  }
  if (location.policies.deny.denied()) {
    line(out, "    ", location.policies.deny.whole_host ? "denied (guards the host)" : "denied",
         location.policies.deny.reason);
  }
  if (host.regex_mode) {
    for (const HostMatcher::RegexEntry& entry : host.matcher->regexes()) {
      if (entry.location != position) continue;
      const bool literal = !entry.pattern && literal_prefix(location.path).whole;
      line(out, "    ", entry.pattern || literal ? "regex" : "regex that does not compile", entry.text);
    }
  }
  policy_lines(out, "    ", location.policies);
}

std::string port_service_text(const PortService& service) {
  std::string out;
  const Backend& backend = *service.backend;
  line(out, "", service.udp ? "UDP port" : "TCP port", std::to_string(service.port));
  line(out, "  ", "service", backend.ns + "/" + backend.service + ":" + backend.port);
  if (service.proxy_in) line(out, "  ", "PROXY protocol from clients", "true");
  if (service.proxy_out) line(out, "  ", "PROXY protocol to endpoints", "true");
  if (!backend.external_name.empty()) {
    line(out, "  ", "external name", backend.external_name + ":" + std::to_string(backend.external_port));
  }
  for (const Endpoint& endpoint : backend.endpoints) line(out, "  ", "endpoint", endpoint.text);
  return out;
}

}  // namespace

std::string head_text(const RoutingTable& table) {
  std::string out;
  line(out, "", "ports", "http " + std::to_string(table.http_port) + ", https " + std::to_string(table.https_port));
  line(out, "", "health check", table.health_check_path);
  const Backend* backend = table.find_backend(table.default_backend);
  line(out, "", "default backend", backend ? backend->name : "built-in 404");
  if (table.default_certificate_generated)
    line(out, "", "default certificate", "generated");
  else if (table.default_certificate)
    line(out, "", "default certificate", certificate_text(*table.default_certificate));
  for (const PortService& service : table.port_services) out += port_service_text(service);
  if (!table.settings) return out;
  out += "settings\n";
  if (!table.settings->deny_all_reason.empty()) line(out, "  ", "everything denied", table.settings->deny_all_reason);
  const features::Settings defaults = features::read_settings({}, {}).settings;
  for (const features::SettingRow& row : features::settings_table()) {
    if (!row.print) continue;
    const std::string value = row.print(*table.settings);
    if (value != row.print(defaults)) line(out, "  ", row.key, value);
  }
  return out;
}

std::string host_text(const RoutingTable& table, const Host& host) {
  std::string out;
  line(out, "", "host", host.name);
  if (!host.aliases.empty()) line(out, "  ", "aliases", base::join(host.aliases, " "));
  if (host.regex_mode) line(out, "  ", "paths", "regular expressions");
  if (!host.app_root.empty()) line(out, "  ", "app-root", host.app_root.source());
  if (!host.www_redirect_to.empty()) line(out, "  ", "redirects to", host.www_redirect_to);
  if (host.certificate)
    line(out, "  ", "certificate", certificate_text(*host.certificate));
  else if (host.has_certificate)
    line(out, "  ", "certificate", "default");
  if (host.client_auth) {
    const features::AuthTlsPolicy& clients = host.client_auth->policy;
    const std::string closed =
        "refused with " + std::to_string(clients.refuse_status) + " (" + clients.refuse_reason + ")";
    line(out, "  ", "client certificates", clients.refuse_status != 0 ? closed : "by Secret " + clients.secret);
  }
  if (host.passthrough) {
    const Backend* backend = table.find_backend(host.locations[*host.passthrough].backend);
    line(out, "  ", "TLS passes unread to", backend ? backend->name : "nobody");
  }
  for (std::uint32_t i = 0; i < host.locations.size(); ++i) location_text(out, table, host, i);
  return out;
}

std::string backend_text(const Backend& backend, std::string_view alternative) {
  std::string out;
  line(out, "", "backend", backend.name);
  line(out, "  ", "service", backend.ns + "/" + backend.service + ":" + backend.port);
  if (!backend.balance.algorithm.empty()) line(out, "  ", "balance", backend.balance.algorithm);
  if (backend.balance.service_upstream) line(out, "  ", "service-upstream", "true");
  features::Policies others;
  others.hash = backend.hash;
  others.affinity = backend.affinity;
  others.canary = backend.canary;
  policy_lines(out, "  ", others);
  if (!alternative.empty()) line(out, "  ", "alternative", alternative);
  if (!backend.external_name.empty()) {
    line(out, "  ", "external name", backend.external_name + ":" + std::to_string(backend.external_port));
  }
  for (const Endpoint& endpoint : backend.endpoints) line(out, "  ", "endpoint", endpoint.text);
  if (!backend.usable()) line(out, "  ", "endpoint", "none");
  return out;
}

std::string to_text(const RoutingTable& table) {
  std::string out = head_text(table);
  for (const auto& host : table.hosts()) out += host_text(table, *host);
  std::vector<const Backend*> backends;
  for (const auto& backend : table.backends) {
    if (backend) backends.push_back(backend.get());
  }
  std::sort(backends.begin(), backends.end(), [](const Backend* a, const Backend* b) { return a->name < b->name; });
  for (const Backend* backend : backends) {
    const Backend* alternative = table.find_backend(backend->alternative);
    out += backend_text(*backend, alternative ? std::string_view(alternative->name) : std::string_view());
  }
  return out;
}

}  // namespace weir::route
