// Step 9 of life-of-a-request: the request head on its way to the endpoint.
#include "proxy/upstream_head.h"

#include "proxy/forwarded.h"
#include "weir/base/ascii.h"
#include "weir/http/h1_writer.h"

#include <algorithm>

namespace weir::proxy {
namespace {

using http::field_bit;
using http::FieldId;

// What Weir says itself, whatever the client said (spec 5.1). The parser has marked hop-by-hop fields, Expect and
// Proxy.
constexpr std::uint64_t kOwn =
    field_bit(FieldId::host) | field_bit(FieldId::content_length) | field_bit(FieldId::request_id) |
    field_bit(FieldId::real_ip) | field_bit(FieldId::forwarded_for) | field_bit(FieldId::forwarded_host) |
    field_bit(FieldId::forwarded_port) | field_bit(FieldId::forwarded_proto) | field_bit(FieldId::forwarded_scheme) |
    field_bit(FieldId::scheme) | field_bit(FieldId::ssl_client_cert) | field_bit(FieldId::ssl_client_issuer_dn) |
    field_bit(FieldId::ssl_client_subject_dn) | field_bit(FieldId::ssl_client_verify) |
    field_bit(FieldId::original_forwarded_for) | field_bit(FieldId::original_forwarded_host);

// A field whose value is all lines of a client's field; absent if the client sent none.
void write_original(http::HeadWriter& head, std::string_view name, const http::Fields& fields, std::string_view from) {
  if (fields.find(from) == nullptr) return;
  std::string joined;
  append_joined(fields, from, joined);
  if (!joined.empty()) head.field(name, joined);
}

}  // namespace

void write_forwarded_for(http::HeadWriter& head, const Request& request) {
  const features::Settings& settings = request.settings();
  if (!settings.compute_full_forwarded_for || !settings.use_forwarded_headers || request.error_page) {
    head.clean_field("X-Forwarded-For", request.forwarded.address_text);
    return;
  }
  head.field_name("X-Forwarded-For");
  std::string incoming;
  append_joined(request.head.fields, "X-Forwarded-For", incoming);
  if (!incoming.empty()) {
    head.value_part(incoming);
    head.value_part(", ");
  }
  std::string peer;
  append_proxied_for(request, peer);
  head.value_part(peer);
  head.field_end();
}

namespace {

// connection-proxy-header replaces everything else. An error backend is not asked to switch protocols.
void write_connection(http::HeadWriter& head, const Request& request) {
  const features::ProxyPolicy& policy = request.policies().proxy;
  if (policy.connection_keep_alive) {
    head.append("Connection: keep-alive\r\n");
  } else if (policy.connection_close || request.settings().upstream_keepalive_connections == 0) {
    head.append("Connection: close\r\n");
  } else if (request.head.upgrade && !request.error_page) {
    head.append("Connection: upgrade\r\n");
  }
  if (request.head.upgrade && !request.error_page) head.field("Upgrade", request.head.fields.get(FieldId::upgrade));
}

constexpr std::string_view kErrorFields[] = {"X-Code",         "X-Format",       "X-Original-URI", "X-Namespace",
                                             "X-Ingress-Name", "X-Service-Name", "X-Service-Port"};

// Spec 4.7: a stand-in gets what an error backend gets, less X-Original-URI; one that speaks gRPC gets none of it.
void write_error_fields(http::HeadWriter& head, const Request& request) {
  if (!request.error_page && request.policies().backend_protocol.is_grpc()) return;
  const route::Location& location = *request.location;
  const auto field = [&head](std::string_view name, std::string_view value) {
    if (!value.empty()) head.field(name, value);
  };
  head.field("X-Code", static_cast<std::uint64_t>(request.error_code));
  std::string accept;
  append_joined(request.head.fields, "Accept", accept);
  field("X-Format", accept);
  if (request.error_page) field("X-Original-URI", request.head.target());
  field("X-Namespace", location.ns);
  field("X-Ingress-Name", location.ingress);
  field("X-Service-Name", location.service);
  field("X-Service-Port", location.service_port);
}

void write_body_framing(http::HeadWriter& head, const Request& request, bool with_body) {
  if (!request.body.exists()) return;
  if (!with_body) {
    head.append("Content-Length: 0\r\n");
  } else if (request.body.sends_chunks()) {
    head.append("Transfer-Encoding: chunked\r\n");
  } else {
    head.field("Content-Length", request.body.size());
  }
}

// Step 9: fields of the ConfigMap that proxy-set-headers names. They replace the client's and Weir's own (spec 10.27);
// an empty value takes the field away.
void write_configured(http::HeadWriter& head, const Request& request) {
  std::string scratch;
  for (const features::HeaderText& one : request.settings().proxy_set_headers) {
    const std::string_view value = request.text_of(one.value, scratch);
    if (!value.empty()) head.field(one.name, value);
  }
}

// Does proxy-set-headers say what this field holds?
bool is_configured(const features::Settings& settings, std::string_view name) {
  const auto& configured = settings.proxy_set_headers;
  return std::any_of(configured.begin(), configured.end(),
                     [name](const features::HeaderText& one) { return base::iequals(one.name, name); });
}

void write_host(http::HeadWriter& head, const Request& request) {
  const features::VariableText& vhost = request.policies().upstream_host.value;
  if (vhost.empty() || request.error_page) {
    head.clean_field("Host", request.forwarded.host);
  } else {
    std::string scratch;
    head.field("Host", request.text_of(vhost, scratch));
  }
}

// Does the authentication service say what this field holds?
bool is_answered(const Request& request, std::string_view name) {
  const auto& names = request.policies().external_auth.response_headers;
  return std::any_of(names.begin(), names.end(), [name](const std::string& one) { return base::iequals(one, name); });
}

void write(http::HeadWriter& head, const Request& request, bool with_body) {
  const features::Settings& settings = request.settings();
  const http::Fields& fields = request.head.fields;
  // What proxy-set-headers names is written by write_configured() alone.
  const bool all_own = settings.proxy_set_headers.empty() && request.policies().external_auth.response_headers.empty();
  const auto is_own = [&](std::string_view name) {
    return all_own || (!is_configured(settings, name) && !is_answered(request, name));
  };
  // `value` is of a parsed head, or made here.
  const auto own = [&](std::string_view name, std::string_view value) {
    if (is_own(name)) head.clean_field(name, value);
  };
  const std::string_view target = request.target.empty() ? request.head.target() : std::string_view(request.target);
  if (request.policies().proxy.http_1_0) {
    head.append(request.head.method_text());
    head.append(" ");
    head.append(target);
    head.append(" HTTP/1.0\r\n");
  } else {
    head.request_line(request.head.method_text(), target);
  }
  if (is_own("Host")) write_host(head, request);
  if (!request.request_id.empty()) own("X-Request-ID", request.request_id);
  own("X-Real-IP", request.forwarded.address_text);
  if (is_own("X-Forwarded-For")) write_forwarded_for(head, request);
  own("X-Forwarded-Host", request.forwarded.host);
  own("X-Forwarded-Port", request.forwarded.port);
  own("X-Forwarded-Proto", request.forwarded.scheme);
  own("X-Forwarded-Scheme", request.forwarded.scheme);
  own("X-Scheme", request.forwarded.scheme);
  if (const route::ClientAuth* auth = request.host->client_auth.get()) {
    write_client_certificate(request, *auth, [&](std::string_view name, std::string_view value) {
      if (is_own(name)) head.field(name, value);
    });
  }
  write_original(head, "X-Original-Forwarded-For", fields, settings.forwarded_for_header);
  write_original(head, "X-Original-Forwarded-Host", fields, settings.forwarded_host_header);
  std::uint64_t skip = kOwn;
  if (request.error_code != 0) write_error_fields(head, request);
  if (settings.add_original_uri_header && !request.error_page) {
    head.field("X-Original-URI", request.head.target());
    skip |= field_bit(FieldId::original_uri);
  }
  if (!request.forwarded_prefix.empty() && !request.error_page) {
    head.field("X-Forwarded-Prefix", request.forwarded_prefix);
    skip |= field_bit(FieldId::x_forwarded_prefix);
  }
  write_configured(head, request);
  write_connection(head, request);
  write_body_framing(head, request, with_body);
  head.fields(fields, skip);
  if (!request.upstream_added.empty()) head.fields(request.upstream_added.added(), 0);
  head.finish();
}

}  // namespace

void drop_error_fields(Request& request) {
  http::Fields& fields = request.head.fields;
  for (http::Field& field : fields.all()) {
    if (!request.error_page && field.id == FieldId::original_uri) continue;
    const std::string_view name = fields.name(field);
    for (const std::string_view error_field : kErrorFields) {
      if (base::iequals(name, error_field)) field.leave_out();
    }
  }
}

void drop_replaced_fields(Request& request) {
  const features::Settings& settings = request.settings();
  if (settings.proxy_set_headers.empty()) return;
  for (http::Field& field : request.head.fields.all()) {
    if (is_configured(settings, request.head.fields.name(field))) field.leave_out();
  }
}

void UpstreamHead::write_head(upstream::OutBuffer& out) {
  std::size_t bound = 2048 + 2 * request_.head.fields.text().size() + request_.target.size() +
                      request_.upstream_added.added().text().size();
  for (;; bound *= 2) {
    out.ensure(bound);
    http::HeadWriter head(out.end(), out.room());
    write(head, request_, body_);
    if (!head.ok()) continue;
    out.advance(head.size());
    return;
  }
}

}  // namespace weir::proxy
