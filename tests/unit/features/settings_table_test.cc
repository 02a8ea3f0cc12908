// The table of ConfigMap keys itself; settings_test.cc reads values by it.
#include "weir/features/settings_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <string>
#include <string_view>

namespace weir::features {
namespace {

using ::testing::HasSubstr;

// Every ConfigMap key of spec 6.1 to 6.7.
constexpr std::string_view kAllKeys[] = {
    // 6.1
    "allow-snippet-annotations",
    "annotations-risk-level",
    "annotation-value-word-blocklist",
    "allow-cross-namespace-resources",
    "strict-validate-path-type",
    "global-allowed-response-headers",
    "block-cidrs",
    "block-user-agents",
    "block-referers",
    "whitelist-source-range",
    "denylist-source-range",
    "nginx-status-ipv4-whitelist",
    "nginx-status-ipv6-whitelist",
    "limit-rate",
    "limit-rate-after",
    "limit-conn-zone-variable",
    "limit-req-status-code",
    "limit-conn-status-code",
    "server-tokens",
    "allow-backend-server-header",
    "hide-headers",
    "disable-proxy-intercept-errors",
    "custom-http-errors",
    // 6.2
    "ssl-redirect",
    "force-ssl-redirect",
    "http-redirect-code",
    "no-tls-redirect-locations",
    "preserve-trailing-slash",
    "use-port-in-redirects",
    "relative-redirects",
    "hsts",
    "hsts-include-subdomains",
    "hsts-max-age",
    "hsts-preload",
    "ssl-protocols",
    "ssl-ciphers",
    "ssl-ecdh-curve",
    "ssl-dh-param",
    "ssl-session-cache",
    "ssl-session-cache-size",
    "ssl-session-timeout",
    "ssl-session-tickets",
    "ssl-session-ticket-key",
    "ssl-buffer-size",
    "ssl-early-data",
    "ssl-reject-handshake",
    "enable-ocsp",
    "proxy-ssl-location-only",
    // 6.3
    "bind-address",
    "disable-ipv6",
    "disable-ipv6-dns",
    "reuse-port",
    "use-http2",
    "http2-max-concurrent-streams",
    "http2-max-field-size",
    "http2-max-header-size",
    "http2-max-requests",
    "keep-alive",
    "keep-alive-requests",
    "client-header-buffer-size",
    "large-client-header-buffers",
    "client-header-timeout",
    "client-body-timeout",
    "client-body-buffer-size",
    "enable-underscores-in-headers",
    "ignore-invalid-headers",
    "default-type",
    "use-proxy-protocol",
    "proxy-protocol-header-timeout",
    "use-forwarded-headers",
    "enable-real-ip",
    "compute-full-forwarded-for",
    "proxy-real-ip-cidr",
    "forwarded-for-header",
    "forwarded-for-proxy-protocol-header",
    "forwarded-host-header",
    "generate-request-id",
    "use-gzip",
    "gzip-level",
    "gzip-min-length",
    "gzip-disable",
    "gzip-types",
    "enable-brotli",
    "brotli-level",
    "brotli-min-length",
    "brotli-types",
    // 6.4
    "proxy-connect-timeout",
    "proxy-send-timeout",
    "proxy-read-timeout",
    "proxy-body-size",
    "proxy-buffering",
    "proxy-request-buffering",
    "proxy-buffer-size",
    "proxy-buffers-number",
    "proxy-busy-buffers-size",
    "proxy-max-temp-file-size",
    "proxy-http-version",
    "proxy-next-upstream",
    "proxy-next-upstream-timeout",
    "proxy-next-upstream-tries",
    "retry-non-idempotent",
    "proxy-cookie-domain",
    "proxy-cookie-path",
    "proxy-redirect-from",
    "proxy-redirect-to",
    "proxy-add-original-uri-header",
    "load-balance",
    "service-upstream",
    "upstream-keepalive-connections",
    "upstream-keepalive-requests",
    "upstream-keepalive-time",
    "upstream-keepalive-timeout",
    "grpc-buffer-size-kb",
    "proxy-stream-timeout",
    "proxy-stream-next-upstream",
    "proxy-stream-next-upstream-timeout",
    "proxy-stream-next-upstream-tries",
    "proxy-stream-responses",
    "add-headers",
    "proxy-set-headers",
    // 6.5
    "global-auth-url",
    "global-auth-method",
    "global-auth-signin",
    "global-auth-signin-redirect-param",
    "global-auth-response-headers",
    "global-auth-request-redirect",
    "global-auth-snippet",
    "global-auth-cache-key",
    "global-auth-cache-duration",
    "global-auth-always-set-cookie",
    "no-auth-locations",
    // 6.6
    "access-log-path",
    "http-access-log-path",
    "stream-access-log-path",
    "access-log-params",
    "disable-access-log",
    "disable-http-access-log",
    "disable-stream-access-log",
    "enable-access-log-for-default-backend",
    "enable-auth-access-log",
    "skip-access-log-urls",
    "log-format-upstream",
    "log-format-stream",
    "log-format-escape-json",
    "log-format-escape-none",
    "error-log-path",
    "error-log-level",
    "enable-syslog",
    "syslog-host",
    "syslog-port",
    "enable-opentelemetry",
    "opentelemetry-config",
    "opentelemetry-operation-name",
    "opentelemetry-trust-incoming-span",
    "otlp-collector-host",
    "otlp-collector-port",
    "otel-service-name",
    "otel-sampler",
    "otel-sampler-ratio",
    "otel-sampler-parent-based",
    "otel-max-queuesize",
    "otel-schedule-delay-millis",
    "otel-max-export-batch-size",
    "enable-modsecurity",
    "enable-owasp-modsecurity-crs",
    "modsecurity-snippet",
    "use-geoip2",
    "geoip2-autoreload-in-minutes",
    // 6.7
    "main-snippet",
    "http-snippet",
    "server-snippet",
    "location-snippet",
    "stream-snippet",
    "worker-processes",
    "worker-cpu-affinity",
    "worker-shutdown-timeout",
    "enable-serial-reloads",
    "max-worker-connections",
    "max-worker-open-files",
    "enable-multi-accept",
    "enable-aio-write",
    "debug-connections",
    "map-hash-bucket-size",
    "server-name-hash-max-size",
    "server-name-hash-bucket-size",
    "proxy-headers-hash-max-size",
    "proxy-headers-hash-bucket-size",
    "variables-hash-bucket-size",
    "variables-hash-max-size",
    "lua-shared-dicts",
    "app-root",
    "upstream-hash-by",
    "upstream-hash-by-subset",
    "upstream-hash-by-subset-size",
    // Weir's own
    "weir-reason-header",
};

TEST(SettingsTable, HasARowForEveryKeyAndNoOther) {
  const std::set<std::string_view> expected(std::begin(kAllKeys), std::end(kAllKeys));
  std::set<std::string_view> seen;

  for (const std::string_view key : kAllKeys) EXPECT_NE(find_setting(key), nullptr) << key;
  for (const SettingRow& row : settings_table()) {
    EXPECT_TRUE(seen.insert(row.key).second) << row.key;
    EXPECT_EQ(expected.count(row.key), 1u) << row.key;
    EXPECT_FALSE(row.doc.empty()) << row.key;
    EXPECT_FALSE(row.type.empty()) << row.key;
    if (row.support == Support::exact) {
      EXPECT_TRUE(row.apply) << row.key;
    }
    EXPECT_TRUE(!row.protects || row.support == Support::planned) << row.key;
  }
}

TEST(SettingsTable, MarkdownNamesEveryKeyWithItsClass) {
  const std::string page = settings_markdown();

  for (const SettingRow& row : settings_table()) {
    EXPECT_NE(page.find("\n| `" + std::string(row.key) + "` |"), std::string::npos) << row.key;
  }
  EXPECT_THAT(page, HasSubstr("| `proxy-body-size` | exact | size | `1m` | at once |"));
  EXPECT_THAT(page, HasSubstr("| `enable-modsecurity` | planned, 503 |"));
}

}  // namespace
}  // namespace weir::features
