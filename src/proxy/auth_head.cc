// Step 6 of life-of-a-request: what an external authentication service is told.
#include "proxy/auth_head.h"

#include "proxy/upstream_head.h"
#include "weir/base/ascii.h"
#include "weir/http/h1_writer.h"

#include <algorithm>
#include <string>

namespace weir::proxy {
namespace {

using http::field_bit;
using http::FieldId;

constexpr std::uint64_t kAuthOwn = field_bit(FieldId::host) | field_bit(FieldId::content_length) |
                                   field_bit(FieldId::forwarded_proto) | field_bit(FieldId::request_id) |
                                   field_bit(FieldId::real_ip) | field_bit(FieldId::forwarded_for);
constexpr std::string_view kAuthFields[] = {"X-Original-URL", "X-Original-Method", "X-Sent-From",
                                            "X-Auth-Request-Redirect"};
constexpr std::string_view kClientCertificate = "ssl-client-";

// `_` counts as `-`: a service behind CGI cannot tell them apart.
bool is_named(std::string_view name, std::string_view field) {
  return name.size() == field.size() && std::equal(name.begin(), name.end(), field.begin(), [](char a, char b) {
           return base::to_lower(a == '_' ? '-' : a) == base::to_lower(b == '_' ? '-' : b);
         });
}

// Does Weir itself say what this field of the client holds?
bool is_replaced_for_auth(const features::ExternalAuthPolicy& policy, std::string_view name) {
  const auto names = [name](std::string_view one) { return is_named(name, one); };
  if (std::any_of(std::begin(kAuthFields), std::end(kAuthFields), names)) return true;
  if (!policy.method.empty() && (names("X-Original-URI") || names("X-Scheme"))) return true;
  // Nobody but Weir may tell of a client's certificate.
  if (is_named(name.substr(0, kClientCertificate.size()), kClientCertificate)) return true;
  return std::any_of(policy.headers.begin(), policy.headers.end(),
                     [&](const features::HeaderText& one) { return names(one.name); });
}

void write_auth_head(http::HeadWriter& head, const Request& request, const AuthTarget& to) {
  const features::ExternalAuthPolicy& policy = request.policies().external_auth;
  const auto is_own = [&policy](std::string_view name) {
    return std::none_of(policy.headers.begin(), policy.headers.end(),
                        [name](const features::HeaderText& one) { return is_named(name, one.name); });
  };
  const auto own = [&](std::string_view name, std::string_view value) {
    if (!value.empty() && is_own(name)) head.field(name, value);
  };
  head.append(policy.method.empty() ? std::string_view("GET") : std::string_view(policy.method));
  head.append(" ");
  head.append(to.target);
  head.append(request.policies().proxy.http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  own("Host", to.host);
  own("X-Request-ID", request.request_id);
  own("X-Original-URL", std::string(request.connection->https ? "https://" : "http://") + request.head.authority +
                            std::string(request.head.target()));
  own("X-Original-Method", request.head.method_text());
  own("X-Sent-From", "nginx-ingress-controller");
  own("X-Real-IP", request.forwarded.address_text);
  if (is_own("X-Forwarded-For")) write_forwarded_for(head, request);
  own("X-Auth-Request-Redirect",
      policy.request_redirect.empty() ? request.head.target() : std::string_view(policy.request_redirect));
  if (!policy.method.empty()) {
    own("X-Original-URI", request.head.target());
    own("X-Scheme", request.forwarded.scheme);
  }
  if (const route::ClientAuth* certificates = request.host->client_auth.get()) {
    write_client_certificate(request, *certificates, own);
  }
  std::string scratch;
  for (const features::HeaderText& one : policy.headers) {
    const std::string_view value = request.text_of(one.value, scratch);
    if (!value.empty()) head.field(one.name, value);
  }
  const http::Fields& fields = request.head.fields;
  for (const http::Field& field : fields.all()) {
    if ((field_bit(field.id) & kAuthOwn) != 0 || is_replaced_for_auth(policy, fields.name(field))) continue;
    // Basic authentication takes it from the upstream's request, not from this one.
    const bool password = field.id == FieldId::authorization && request.policies().auth.on();
    if (field.dropped && !password) continue;
    head.clean_field(fields.name(field), fields.value(field));
  }
  head.finish();
}

}  // namespace

void AuthHead::write_head(upstream::OutBuffer& out) {
  std::size_t bound = 2048 + 4 * request_.head.fields.text().size() + target_.target.size();
  for (;; bound *= 2) {
    out.ensure(bound);
    http::HeadWriter head(out.end(), out.room());
    write_auth_head(head, request_, target_);
    if (!head.ok()) continue;
    out.advance(head.size());
    return;
  }
}

}  // namespace weir::proxy
