// ConfigMap keys of spec 6.6: logs, telemetry, WAF, GeoIP.
#include "features/setting_spec.h"
#include "weir/base/ascii.h"
#include "weir/base/cidr.h"

#include <algorithm>

namespace weir::features {
namespace {

constexpr std::size_t kLongestHost = 253;  // RFC 1035 2.3.4

// Each of the keys can only switch logs off.
template <bool Http, bool Stream>
std::optional<std::string> read_disabled(std::string_view value, Settings& into) {
  const std::optional<bool> disabled = base::parse_bool(value);
  if (!disabled) return "is neither true nor false";
  if (Http && *disabled) into.access_log = false;
  if (Stream && *disabled) into.stream_log = false;
  return std::nullopt;
}

std::string disabled_text(const Settings& from) {
  return from.access_log ? "false" : "true";
}

std::optional<std::string> read_http_path(std::string_view value, Settings& into) {
  if (!value.empty()) into.access_log_path = value;
  return std::nullopt;
}

std::optional<std::string> read_path(std::string_view value, Settings& into) {
  if (value.empty()) return "is empty";
  into.access_log_path = into.stream_log_path = value;
  return std::nullopt;
}

std::optional<std::string> read_stream_path(std::string_view value, Settings& into) {
  if (!value.empty()) into.stream_log_path = value;
  return std::nullopt;
}

std::optional<std::string> check_syslog_host(std::string_view value) {
  if (base::parse_ip(value)) return std::nullopt;
  const bool name = value.size() <= kLongestHost && std::all_of(value.begin(), value.end(), [](char c) {
                      return base::is_alnum(c) || c == '-' || c == '.' || c == '_';
                    });
  if (!name) return "is neither a host name nor an address";
  return std::nullopt;
}

std::optional<std::string> check_port(std::string_view value) {
  const std::int64_t port = base::parse_int(value).value_or(0);
  if (port < 1 || port > 65535) return "is no port from 1 to 65535";
  return std::nullopt;
}

bool is_true(std::string_view value) {
  return base::parse_bool(value).value_or(false);
}

std::vector<SettingSpec> telemetry_settings() {
  return {
      plan_setting("enable-opentelemetry", "bool", "false", "Tracing."),
      plan_setting("opentelemetry-config", "file", "/etc/ingress-controller/telemetry/opentelemetry.toml",
                   "Configuration file of the original's module."),
      plan_setting("opentelemetry-operation-name", "text", "", "Name of spans."),
      plan_setting("opentelemetry-trust-incoming-span", "bool", "true", "Continues the client's trace."),
      plan_setting("otlp-collector-host", "host", "", "Collector."),
      plan_setting("otlp-collector-port", "number", "4317", "Its port."),
      plan_setting("otel-service-name", "text", "nginx", "Name of the service."),
      plan_setting("otel-sampler", "text", "AlwaysOn", "Sampler."),
      plan_setting("otel-sampler-ratio", "fraction", "0.01", "Share of traces."),
      plan_setting("otel-sampler-parent-based", "bool", "true", "Follows the parent's decision."),
      plan_setting("otel-max-queuesize", "number", "2048", "Spans waiting to be sent."),
      plan_setting("otel-schedule-delay-millis", "number", "5000", "Time between two batches."),
      plan_setting("otel-max-export-batch-size", "number", "512", "Spans per batch."),
      plan_setting("enable-modsecurity", "bool", "false", "Web application firewall.").asks(is_true).protects(),
      plan_setting("enable-owasp-modsecurity-crs", "bool", "false", "OWASP core rule set."),
      refuse_setting("modsecurity-snippet", "Raw firewall rules."),
      plan_setting("use-geoip2", "bool", "false", "`$geoip2_*` variables."),
      plan_setting("geoip2-autoreload-in-minutes", "number", "0", "Reads the databases again."),
  };
}

}  // namespace

std::vector<SettingSpec> log_settings() {
  std::vector<SettingSpec> out = {
      setting("access-log-path", in_settings(&Settings::access_log_path), "File of the access log.")
          .type("file")
          .default_text("/dev/stdout")
          .apply(read_path),
      SettingSpec("http-access-log-path", Support::exact, "file", "", "Overrides access-log-path for HTTP.")
          .apply(read_http_path),
      SettingSpec("stream-access-log-path", Support::exact, "file", "", "Overrides access-log-path for TCP and UDP.")
          .apply(read_stream_path)
          .print([](const Settings& from) { return from.stream_log_path; }),
      ignore_setting("access-log-params", "text", "", "Buffering of the original's log; this one buffers by itself."),
      SettingSpec("disable-access-log", Support::exact, "bool", "false", "No access log.")
          .apply(read_disabled<true, true>)
          .print(disabled_text),
      SettingSpec("disable-http-access-log", Support::exact, "bool", "false", "No access log of HTTP.")
          .apply(read_disabled<true, false>)
          .print(disabled_text),
      SettingSpec("disable-stream-access-log", Support::exact, "bool", "false", "No access log of TCP and UDP.")
          .apply(read_disabled<false, true>)
          .print([](const Settings& from) { return std::string(from.stream_log ? "false" : "true"); }),
      setting("enable-access-log-for-default-backend", in_settings(&Settings::access_log_for_default_backend),
              "Logs requests that no Ingress serves."),
      setting("enable-auth-access-log", in_settings(&Settings::auth_access_log),
              "Logs sub-requests of authentication, each with a line of its own."),
      setting("skip-access-log-urls", in_settings(&Settings::skip_access_log_urls),
              "Request URIs that are not logged: exact, `~expression` or `~*expression`."),
      // Logs have variables that values do not have: the access log itself says which one it does not know.
      setting("log-format-upstream", in_settings(&Settings::log_format), "Layout of a line of the access log."),
      setting("log-format-stream", in_settings(&Settings::stream_log_format),
              "Layout of a line for TCP and UDP; empty: `[$remote_addr] [$time_local] $protocol $status $bytes_sent "
              "$bytes_received $session_time`."),
      setting("log-format-escape-json", in_settings(&Settings::log_escape_json), "Escapes values for JSON."),
      setting("log-format-escape-none", in_settings(&Settings::log_escape_none), "Escapes nothing; wins over JSON."),
      ignore_setting("error-log-path", "file", "/var/log/nginx/error.log", "The log goes to the standard output."),
      ignore_setting("error-log-level", "text", "notice", "The log's level is a flag."),
      setting("enable-syslog", in_settings(&Settings::syslog),
              "Sends the access log to syslog by UDP instead of access-log-path; needs syslog-host. The controller's "
              "log stays where it is."),
      setting("syslog-host", in_settings(&Settings::syslog_host), "Name or address of the syslog server.")
          .type("host")
          .check(check_syslog_host),
      setting("syslog-port", in_settings(&Settings::syslog_port), "Its UDP port.").check(check_port),
  };
  for (const SettingSpec& one : telemetry_settings()) out.push_back(one);
  return out;
}

}  // namespace weir::features
