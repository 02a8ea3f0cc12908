#include "weir/features/annotation_table.h"

#include "features/annotation_sets.h"
#include "unit/features/reading.h"

#include <set>

namespace weir::features {
namespace {

// Every annotation of spec 1.1 to 1.7, the names its webhook warns about, and the additions.
constexpr std::string_view kAllAnnotations[] = {
    // 1.1
    "server-alias",
    "use-regex",
    "rewrite-target",
    "app-root",
    "ssl-redirect",
    "force-ssl-redirect",
    "preserve-trailing-slash",
    "use-port-in-redirects",
    "permanent-redirect",
    "permanent-redirect-code",
    "temporal-redirect",
    "temporal-redirect-code",
    "relative-redirects",
    "from-to-www-redirect",
    "x-forwarded-prefix",
    "upstream-vhost",
    // 1.2
    "auth-type",
    "auth-secret",
    "auth-secret-type",
    "auth-realm",
    "auth-url",
    "auth-method",
    "auth-signin",
    "auth-signin-redirect-param",
    "auth-response-headers",
    "auth-proxy-set-headers",
    "auth-request-redirect",
    "auth-cache-key",
    "auth-cache-duration",
    "auth-always-set-cookie",
    "auth-keepalive",
    "auth-keepalive-share-vars",
    "auth-keepalive-requests",
    "auth-keepalive-timeout",
    "auth-snippet",
    "enable-global-auth",
    "satisfy",
    "auth-tls-secret",
    "auth-tls-verify-client",
    "auth-tls-verify-depth",
    "auth-tls-error-page",
    "auth-tls-pass-certificate-to-upstream",
    "auth-tls-match-cn",
    // 1.3
    "allowlist-source-range",
    "whitelist-source-range",
    "denylist-source-range",
    "limit-connections",
    "limit-rps",
    "limit-rpm",
    "limit-burst-multiplier",
    "limit-allowlist",
    "limit-whitelist",
    "limit-rate",
    "limit-rate-after",
    "enable-modsecurity",
    "enable-owasp-core-rules",
    "modsecurity-transaction-id",
    "modsecurity-snippet",
    // 1.4
    "enable-cors",
    "cors-allow-origin",
    "cors-allow-methods",
    "cors-allow-headers",
    "cors-expose-headers",
    "cors-allow-credentials",
    "cors-max-age",
    // 1.5
    "backend-protocol",
    "service-upstream",
    "load-balance",
    "upstream-hash-by",
    "upstream-hash-by-subset",
    "upstream-hash-by-subset-size",
    "affinity",
    "affinity-mode",
    "affinity-canary-behavior",
    "session-cookie-name",
    "session-cookie-path",
    "session-cookie-domain",
    "session-cookie-expires",
    "session-cookie-max-age",
    "session-cookie-samesite",
    "session-cookie-conditional-samesite-none",
    "session-cookie-secure",
    "session-cookie-change-on-failure",
    "canary",
    "canary-weight",
    "canary-weight-total",
    "canary-by-header",
    "canary-by-header-value",
    "canary-by-header-pattern",
    "canary-by-cookie",
    // 1.6
    "proxy-connect-timeout",
    "proxy-send-timeout",
    "proxy-read-timeout",
    "proxy-next-upstream",
    "proxy-next-upstream-timeout",
    "proxy-next-upstream-tries",
    "proxy-body-size",
    "client-body-buffer-size",
    "proxy-request-buffering",
    "proxy-buffering",
    "proxy-buffers-number",
    "proxy-buffer-size",
    "proxy-busy-buffers-size",
    "proxy-max-temp-file-size",
    "proxy-http-version",
    "proxy-cookie-domain",
    "proxy-cookie-path",
    "proxy-redirect-from",
    "proxy-redirect-to",
    "connection-proxy-header",
    "proxy-ssl-secret",
    "proxy-ssl-ciphers",
    "proxy-ssl-protocols",
    "proxy-ssl-name",
    "proxy-ssl-verify",
    "proxy-ssl-verify-depth",
    "proxy-ssl-server-name",
    "fastcgi-index",
    "fastcgi-params-configmap",
    // 1.7
    "custom-http-errors",
    "disable-proxy-intercept-errors",
    "default-backend",
    "custom-headers",
    "mirror-target",
    "mirror-host",
    "mirror-request-body",
    "enable-opentelemetry",
    "opentelemetry-trust-incoming-span",
    "opentelemetry-operation-name",
    "ssl-ciphers",
    "ssl-prefer-server-ciphers",
    "ssl-passthrough",
    "http2-push-preload",
    "enable-access-log",
    "enable-rewrite-log",
    "configuration-snippet",
    "server-snippet",
    "stream-snippet",
    // 8.8
    "enable-influxdb",
    "influxdb-measurement",
    "influxdb-port",
    "influxdb-host",
    "influxdb-server-name",
    "secure-verify-ca-secret",
    // additions
    "hsts",
    "hsts-max-age",
    "hsts-include-subdomains",
    "hsts-preload",
};

TEST(AnnotationTable, HasARowForEveryAnnotation) {
  for (const std::string_view key : kAllAnnotations) EXPECT_NE(find_annotation(key), nullptr) << key;
}

TEST(AnnotationTable, HasNoOtherRowAndNoKeyTwice) {
  const std::set<std::string_view> expected(std::begin(kAllAnnotations), std::end(kAllAnnotations));
  std::set<std::string_view> seen;

  for (const AnnotationRow& row : annotation_table()) {
    EXPECT_TRUE(seen.insert(row.key).second) << row.key;
    EXPECT_EQ(expected.count(row.key), 1u) << row.key;
  }
}

TEST(AnnotationTable, RowsAreComplete) {
  for (const AnnotationRow& row : annotation_table()) {
    EXPECT_FALSE(row.doc.empty()) << row.key;
    EXPECT_FALSE(row.syntax.empty()) << row.key;
    EXPECT_TRUE(row.validate) << row.key;
    EXPECT_TRUE(row.deprecated || !row.group.empty()) << row.key;
    // Planned, or a guard of the whole host, which a bad value closes.
    EXPECT_TRUE(!row.protects || row.support == Support::planned || !row.planned_values.empty() ||
                row.scope == Scope::host)
        << row.key;
    EXPECT_TRUE(row.planned_values.empty() || row.support == Support::exact) << row.key;
    for (const std::string_view value : row.planned_values) EXPECT_TRUE(row.validate(value)) << row.key << value;
    EXPECT_TRUE(row.needs.empty() || find_annotation(row.needs) != nullptr) << row.key;
    if (row.support == Support::exact) {
      EXPECT_TRUE(row.print) << row.key;
    }
    if (!row.settings_key.empty()) {
      EXPECT_NE(find_setting(row.settings_key), nullptr) << row.key;
    }
  }
}

TEST(AnnotationTable, OnlySnippetsAreCriticalAndRefused) {
  for (const AnnotationRow& row : annotation_table()) {
    const bool snippet = row.key.size() > 8 && row.key.substr(row.key.size() - 8) == "-snippet";
    EXPECT_EQ(row.risk == RiskLevel::critical, snippet) << row.key;
    EXPECT_EQ(row.support == Support::refused, snippet) << row.key;
  }
}

TEST(AnnotationTable, ThereAreTwoAliases) {
  EXPECT_EQ(find_annotation("whitelist-source-range"), find_annotation("allowlist-source-range"));
  EXPECT_EQ(find_annotation("limit-whitelist"), find_annotation("limit-allowlist"));
  EXPECT_EQ(find_annotation(""), nullptr);
  EXPECT_EQ(find_annotation("session-cookie-hash"), nullptr);
}

TEST(AnnotationTable, SetsAndTableHoldTheSameRows) {
  std::size_t count = 0;
  for (const AnnotationSet& set : annotation_sets()) count += set.rows.size();

  EXPECT_EQ(count, annotation_table().size());
}

TEST(AnnotationTable, AnExactRowMayHavePlannedValues) {
  const AnnotationRow& row = *find_annotation("backend-protocol");

  EXPECT_EQ(support_of(row, "AUTO_HTTP"), Support::exact);
  EXPECT_EQ(support_of(row, "GRPC"), Support::exact);
  EXPECT_EQ(support_of(row, "fcgi"), Support::planned);
  EXPECT_EQ(support_of(*find_annotation("enable-modsecurity"), "true"), Support::planned);
}

TEST(AnnotationTable, MarkdownNamesEveryKeyWithItsClass) {
  const std::string page = annotations_markdown();

  for (const AnnotationRow& row : annotation_table()) {
    EXPECT_NE(page.find("| `" + std::string(row.key) + "`"), std::string::npos) << row.key;
  }
  EXPECT_NE(page.find("| `proxy-body-size` | exact | size: digits and at most one of b k m g | `1m` (ConfigMap "
                      "`proxy-body-size`) | location | Medium | DEF, 503 |"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("| `enable-modsecurity` | planned, 503 |"), std::string::npos);
  EXPECT_NE(page.find("| `backend-protocol` | exact; `FCGI` planned, 503 |"), std::string::npos);
}

}  // namespace
}  // namespace weir::features
