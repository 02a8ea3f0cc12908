#include "weir/features/variables.h"

#include "weir/base/ascii.h"
#include "weir/base/dollar_text.h"

#include <algorithm>
#include <array>

namespace weir::features {
namespace {

struct Named {
  std::string_view name;
  Variable variable;
};

// Sorted, for binary search.
constexpr std::array kNames = std::to_array<Named>({
    {"args", Variable::args},
    {"auth_cookie", Variable::logged},
    {"balancer_ewma_score", Variable::logged},
    {"best_http_host", Variable::best_http_host},
    {"binary_remote_addr", Variable::remote_addr},
    {"body_bytes_sent", Variable::logged},
    {"bytes_sent", Variable::logged},
    {"connection", Variable::logged},
    {"connection_requests", Variable::logged},
    {"connection_upgrade", Variable::logged},
    {"content_length", Variable::content_length},
    {"content_type", Variable::content_type},
    {"document_uri", Variable::uri},
    {"escaped_request_uri", Variable::escaped_request_uri},
    {"full_x_forwarded_for", Variable::logged},
    {"host", Variable::host},
    {"hostname", Variable::logged},
    {"http_host", Variable::http_host},
    {"https", Variable::https},
    {"ingress_name", Variable::ingress_name},
    {"is_args", Variable::is_args},
    {"location_path", Variable::location_path},
    {"msec", Variable::logged},
    {"namespace", Variable::ns},
    {"nginx_version", Variable::logged},
    {"pass_access_scheme", Variable::pass_access_scheme},
    {"pass_port", Variable::pass_port},
    {"pass_server_port", Variable::logged},
    {"pid", Variable::logged},
    {"proxy_add_x_forwarded_for", Variable::logged},
    {"proxy_alternative_upstream_name", Variable::proxy_alternative_upstream_name},
    {"proxy_host", Variable::logged},
    {"proxy_protocol_addr", Variable::logged},
    {"proxy_protocol_port", Variable::logged},
    {"proxy_protocol_server_addr", Variable::logged},
    {"proxy_protocol_server_port", Variable::logged},
    {"proxy_upstream_name", Variable::proxy_upstream_name},
    {"query_string", Variable::args},
    {"realip_remote_addr", Variable::realip_remote_addr},
    {"realip_remote_port", Variable::logged},
    {"remote_addr", Variable::remote_addr},
    {"remote_port", Variable::remote_port},
    {"remote_user", Variable::logged},
    {"req_id", Variable::request_id},
    {"request", Variable::logged},
    {"request_body", Variable::logged},
    {"request_completion", Variable::logged},
    {"request_id", Variable::request_id},
    {"request_length", Variable::logged},
    {"request_method", Variable::request_method},
    {"request_time", Variable::logged},
    {"request_uri", Variable::request_uri},
    {"scheme", Variable::scheme},
    {"server_addr", Variable::server_addr},
    {"server_name", Variable::server_name},
    {"server_port", Variable::server_port},
    {"server_protocol", Variable::server_protocol},
    {"service_name", Variable::service_name},
    {"service_port", Variable::service_port},
    {"ssl_cipher", Variable::logged},
    {"ssl_client_cert", Variable::logged},
    {"ssl_client_escaped_cert", Variable::logged},
    {"ssl_client_fingerprint", Variable::logged},
    {"ssl_client_i_dn", Variable::logged},
    {"ssl_client_s_dn", Variable::logged},
    {"ssl_client_serial", Variable::logged},
    {"ssl_client_verify", Variable::logged},
    {"ssl_protocol", Variable::logged},
    {"ssl_server_name", Variable::logged},
    {"ssl_session_reused", Variable::logged},
    {"status", Variable::logged},
    {"subdomain", Variable::subdomain},
    {"time_iso8601", Variable::logged},
    {"time_local", Variable::logged},
    {"upstream_addr", Variable::logged},
    {"upstream_connect_time", Variable::logged},
    {"upstream_header_time", Variable::logged},
    {"upstream_response_length", Variable::logged},
    {"upstream_response_time", Variable::logged},
    {"upstream_status", Variable::logged},
    {"uri", Variable::uri},
});

// Longest first where one begins like another.
constexpr std::array kFamilies = std::to_array<Named>({
    {"arg_", Variable::argument},
    {"authHeader", Variable::logged},
    {"cookie_", Variable::cookie},
    {"geoip2_", Variable::logged},
    {"http_", Variable::field},
    {"opentelemetry_", Variable::logged},
    {"sent_http_", Variable::logged},
    {"upstream_bytes_", Variable::logged},
    {"upstream_cookie_", Variable::logged},
    {"upstream_http_", Variable::logged},
});

struct Found {
  Variable variable = Variable::unknown;
  std::string_view text;  // what is left of the name
};

Found find(std::string_view name) {
  if (name.size() == 1 && name[0] >= '1' && name[0] <= '9') return {Variable::capture, name};
  const auto fixed = std::lower_bound(kNames.begin(), kNames.end(), name,
                                      [](const Named& one, std::string_view text) { return one.name < text; });
  if (fixed != kNames.end() && fixed->name == name) return {fixed->variable, name};
  for (const Named& family : kFamilies) {
    if (name.size() <= family.name.size() || !name.starts_with(family.name)) continue;
    const bool logged = family.variable == Variable::logged;
    return {family.variable, logged ? name : name.substr(family.name.size())};
  }
  return {Variable::unknown, name};
}

}  // namespace

bool is_known_variable(std::string_view name) {
  return find(name).variable != Variable::unknown;
}

std::optional<std::string> find_unknown_variable(std::string_view text) {
  base::DollarReader reader(text);
  while (reader.next()) {
    if (reader.kind() == base::DollarKind::literal) continue;
    if (reader.kind() != base::DollarKind::variable) return "";
    if (!is_known_variable(reader.text())) return std::string(reader.text());
  }
  return std::nullopt;
}

VariableText::VariableText(std::string source) : source_(std::move(source)) {
  base::DollarReader reader(source_);
  while (reader.next()) {
    Found found{Variable::literal, reader.text()};
    if (reader.kind() == base::DollarKind::variable) found = find(reader.text());
    if (found.variable == Variable::capture) uses_captures_ = true;
    const auto begin = static_cast<std::uint32_t>(found.text.data() - source_.data());
    const auto size = static_cast<std::uint32_t>(found.text.size());
    const bool joins = found.variable == Variable::literal && !pieces_.empty() &&
                       pieces_.back().what == Variable::literal && pieces_.back().begin + pieces_.back().size == begin;
    if (joins) {
      pieces_.back().size += size;
    } else {
      pieces_.push_back({found.variable, begin, size});
    }
  }
}

}  // namespace weir::features
