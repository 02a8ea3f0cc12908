// The variables of log-format-stream: what a session of a TCP or UDP service has in common with a request is written in
// the same way, here under the name that it has in such layouts.
#include "log_variables.h"

#include <algorithm>
#include <array>

namespace weir::observe {

namespace {

struct StreamVariable {
  std::string_view name;
  std::string_view as;  // of log_variables.cc
};

constexpr std::array<StreamVariable, 31> kVariables{{
    {"bytes_received", "request_length"},
    {"bytes_sent", "bytes_sent"},
    {"connection", "connection"},
    {"msec", "msec"},
    {"nginx_version", "nginx_version"},
    {"pid", "pid"},
    {"protocol", "server_protocol"},
    {"proxy_protocol_addr", "proxy_protocol_addr"},
    {"proxy_protocol_port", "proxy_protocol_port"},
    {"proxy_protocol_server_addr", "proxy_protocol_server_addr"},
    {"proxy_protocol_server_port", "proxy_protocol_server_port"},
    {"proxy_upstream_name", "proxy_upstream_name"},
    {"realip_remote_addr", "realip_remote_addr"},
    {"realip_remote_port", "realip_remote_port"},
    {"remote_addr", "remote_addr"},
    {"remote_port", "remote_port"},
    {"server_addr", "server_addr"},
    {"server_port", "server_port"},
    {"session_time", "request_time"},
    {"status", "status"},
    {"time_iso8601", "time_iso8601"},
    {"time_local", "time_local"},
    {"upstream_addr", "upstream_addr"},
    {"upstream_bytes_received", "upstream_bytes_received"},
    {"upstream_bytes_sent", "upstream_bytes_sent"},
    {"upstream_connect_time", "upstream_connect_time"},
    {"upstream_first_byte_time", "upstream_header_time"},
    {"upstream_session_time", "upstream_response_time"},
    // Weir's own, as in the log of requests.
    {"namespace", "namespace"},
    {"service_name", "service_name"},
    {"service_port", "service_port"},
}};

}  // namespace

const LogVariable* find_stream_variable(std::string_view name) {
  const auto found =
      std::find_if(kVariables.begin(), kVariables.end(), [name](const auto& v) { return v.name == name; });
  if (found == kVariables.end()) return nullptr;
  std::string_view argument;
  return find_log_variable(found->as, argument);
}

std::vector<std::string_view> stream_variable_names() {
  std::vector<std::string_view> names;
  for (const StreamVariable& variable : kVariables) names.push_back(variable.name);
  return names;
}

}  // namespace weir::observe
