#include "weir/features/variables.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <array>

namespace weir::features {
namespace {

// Sorted, for binary search.
constexpr std::array kNames = std::to_array<std::string_view>({
    "args",
    "auth_cookie",
    "balancer_ewma_score",
    "best_http_host",
    "binary_remote_addr",
    "body_bytes_sent",
    "bytes_sent",
    "connection",
    "connection_requests",
    "connection_upgrade",
    "content_length",
    "content_type",
    "document_uri",
    "escaped_request_uri",
    "full_x_forwarded_for",
    "host",
    "hostname",
    "http_host",
    "https",
    "ingress_name",
    "is_args",
    "location_path",
    "msec",
    "namespace",
    "nginx_version",
    "pass_access_scheme",
    "pass_port",
    "pass_server_port",
    "pid",
    "proxy_add_x_forwarded_for",
    "proxy_alternative_upstream_name",
    "proxy_host",
    "proxy_protocol_addr",
    "proxy_protocol_port",
    "proxy_protocol_server_addr",
    "proxy_protocol_server_port",
    "proxy_upstream_name",
    "query_string",
    "realip_remote_addr",
    "realip_remote_port",
    "remote_addr",
    "remote_port",
    "remote_user",
    "req_id",
    "request",
    "request_body",
    "request_completion",
    "request_id",
    "request_length",
    "request_method",
    "request_time",
    "request_uri",
    "scheme",
    "server_addr",
    "server_name",
    "server_port",
    "server_protocol",
    "service_name",
    "service_port",
    "ssl_cipher",
    "ssl_client_cert",
    "ssl_client_escaped_cert",
    "ssl_client_fingerprint",
    "ssl_client_i_dn",
    "ssl_client_s_dn",
    "ssl_client_serial",
    "ssl_client_verify",
    "ssl_protocol",
    "ssl_server_name",
    "ssl_session_reused",
    "status",
    "subdomain",
    "time_iso8601",
    "time_local",
    "upstream_addr",
    "upstream_connect_time",
    "upstream_header_time",
    "upstream_response_length",
    "upstream_response_time",
    "upstream_status",
    "uri",
});

constexpr std::array kFamilies = std::to_array<std::string_view>({
    "arg_",
    "authHeader",
    "cookie_",
    "geoip2_",
    "http_",
    "opentelemetry_",
    "sent_http_",
    "upstream_bytes_",
    "upstream_cookie_",
    "upstream_http_",
});

bool is_name_character(char c) {
  return base::is_alnum(c) || c == '_';
}

}  // namespace

bool is_known_variable(std::string_view name) {
  if (name.size() == 1 && name[0] >= '1' && name[0] <= '9') return true;
  if (std::binary_search(kNames.begin(), kNames.end(), name)) return true;
  return std::any_of(kFamilies.begin(), kFamilies.end(), [name](std::string_view family) {
    return name.size() > family.size() && name.substr(0, family.size()) == family;
  });
}

std::optional<std::string> find_unknown_variable(std::string_view text) {
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at)) {
    ++at;
    std::string_view name;
    if (at < text.size() && text[at] == '{') {
      const std::size_t end = text.find('}', at);
      if (end == std::string_view::npos) return "";
      name = text.substr(at + 1, end - at - 1);
      at = end + 1;
    } else if (at < text.size() && text[at] >= '1' && text[at] <= '9') {
      ++at;  // a capture is one digit: $10 is $1 followed by 0
      continue;
    } else {
      const std::size_t begin = at;
      while (at < text.size() && is_name_character(text[at])) ++at;
      name = text.substr(begin, at - begin);
    }
    if (!is_known_variable(name)) return std::string(name);
  }
  return std::nullopt;
}

}  // namespace weir::features
