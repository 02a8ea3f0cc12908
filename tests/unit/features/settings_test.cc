#include "weir/features/settings_table.h"

#include "unit/features/reading.h"

#include <gmock/gmock.h>

#include <set>

namespace weir::features {
namespace {

using ::testing::HasSubstr;
using testing::kConfigMap;
using testing::Keys;
using testing::lines;

SettingsResult read_keys(const Keys& data) {
  return read_settings(data, kConfigMap);
}

TEST(ReadSettings, NothingGivesTheDefaults) {
  const SettingsResult result = read_keys({});
  Settings expected;
  expected.proxy_real_ip_cidr = {*base::parse_cidr("0.0.0.0/0")};
  EXPECT_EQ(result.settings.compression.gzip.types.size(), 17u);
  EXPECT_EQ(result.settings.compression.brotli.types.size(), 18u);
  expected.compression.gzip.types = result.settings.compression.gzip.types;
  expected.compression.brotli.types = result.settings.compression.brotli.types;
  expected.status_page_clients = base::parse_cidr_set("127.0.0.1,::1").set;

  EXPECT_EQ(result.settings, expected);
  EXPECT_TRUE(result.used.empty());
  EXPECT_TRUE(result.diagnostics.empty());
}

const Keys& values_of_exact_keys() {
  static const Keys data = {
      {"allow-snippet-annotations", "true"},
      {"annotations-risk-level", "Critical"},
      {"annotation-value-word-blocklist", "a,b"},
      {"allow-cross-namespace-resources", "true"},
      {"strict-validate-path-type", "false"},
      {"use-http2", "false"},
      {"http2-max-concurrent-streams", "7"},
      {"use-proxy-protocol", "true"},
      {"proxy-protocol-header-timeout", "7s"},
      {"global-allowed-response-headers", "X-A,X-B"},
      {"block-cidrs", "192.0.2.0/24"},
      {"block-user-agents", "a,~b"},
      {"block-referers", "c"},
      {"whitelist-source-range", "10.0.0.0/8"},
      {"denylist-source-range", "10.9.0.0/16"},
      {"nginx-status-ipv4-whitelist", "10.0.0.1/32"},
      {"nginx-status-ipv6-whitelist", "fd00::/8"},
      {"limit-rate", "5"},
      {"limit-rate-after", "6"},
      {"limit-conn-zone-variable", "$http_x_user"},
      {"limit-req-status-code", "429"},
      {"limit-conn-status-code", "430"},
      {"proxy-cookie-domain", "a b"},
      {"proxy-cookie-path", "/a /b"},
      {"proxy-redirect-from", "http://in/"},
      {"proxy-redirect-to", "/"},
      {"add-headers", "ns/add"},
      {"proxy-set-headers", "ns/set"},
      {"global-auth-url", "http://auth.example/check"},
      {"global-auth-method", "POST"},
      {"global-auth-signin", "https://login.example/"},
      {"global-auth-signin-redirect-param", "back"},
      {"global-auth-response-headers", "X-User,X-Mail"},
      {"global-auth-request-redirect", "/back"},
      {"global-auth-cache-key", "$remote_user"},
      {"global-auth-cache-duration", "200 401 1m, 404 10s"},
      {"global-auth-always-set-cookie", "true"},
      {"server-tokens", "true"},
      {"allow-backend-server-header", "true"},
      {"hide-headers", "x-a,x-b"},
      {"ssl-redirect", "false"},
      {"force-ssl-redirect", "true"},
      {"http-redirect-code", "307"},
      {"no-tls-redirect-locations", "/a,/b"},
      {"preserve-trailing-slash", "true"},
      {"use-port-in-redirects", "true"},
      {"relative-redirects", "true"},
      {"hsts", "false"},
      {"hsts-include-subdomains", "false"},
      {"hsts-max-age", "5"},
      {"hsts-preload", "true"},
      {"ssl-protocols", "TLSv1.3"},
      {"ssl-ciphers", "HIGH:!aNULL"},
      {"ssl-ecdh-curve", "X25519:prime256v1"},
      {"ssl-session-cache", "false"},
      {"ssl-session-cache-size", "20m"},
      {"ssl-session-timeout", "1h"},
      {"ssl-session-tickets", "true"},
      {"ssl-reject-handshake", "true"},
      {"proxy-ssl-location-only", "true"},
      {"bind-address", "127.0.0.1,::1"},
      {"disable-ipv6", "true"},
      {"keep-alive", "0"},
      {"keep-alive-requests", "5"},
      {"client-header-buffer-size", "2k"},
      {"large-client-header-buffers", "8 16k"},
      {"client-header-timeout", "6"},
      {"client-body-timeout", "7"},
      {"client-body-buffer-size", "16k"},
      {"enable-underscores-in-headers", "true"},
      {"use-forwarded-headers", "true"},
      {"enable-real-ip", "true"},
      {"compute-full-forwarded-for", "true"},
      {"proxy-real-ip-cidr", "10.0.0.0/8,192.168.1.0/24"},
      {"forwarded-for-header", "CF-Connecting-IP"},
      {"forwarded-host-header", "X-Host"},
      {"generate-request-id", "false"},
      {"proxy-connect-timeout", "1"},
      {"proxy-send-timeout", "2"},
      {"proxy-read-timeout", "3"},
      {"proxy-body-size", "4m"},
      {"proxy-buffering", "on"},
      {"proxy-request-buffering", "off"},
      {"proxy-buffer-size", "8k"},
      {"proxy-buffers-number", "5"},
      {"proxy-http-version", "1.0"},
      {"proxy-next-upstream", "error http_504"},
      {"proxy-next-upstream-timeout", "7"},
      {"proxy-next-upstream-tries", "8"},
      {"retry-non-idempotent", "true"},
      {"proxy-add-original-uri-header", "true"},
      {"load-balance", "ewma"},
      {"custom-http-errors", "404,503"},
      {"use-gzip", "true"},
      {"gzip-level", "6"},
      {"gzip-min-length", "1000"},
      {"gzip-disable", "Old/1"},
      {"gzip-types", "text/plain"},
      {"enable-brotli", "true"},
      {"brotli-level", "6"},
      {"brotli-min-length", "1001"},
      {"brotli-types", "text/css text/plain"},
      {"disable-proxy-intercept-errors", "true"},
      {"service-upstream", "true"},
      {"upstream-keepalive-connections", "9"},
      {"upstream-keepalive-requests", "10"},
      {"upstream-keepalive-time", "30m"},
      {"upstream-keepalive-timeout", "11"},
      {"proxy-stream-timeout", "5m"},
      {"proxy-stream-next-upstream", "false"},
      {"proxy-stream-next-upstream-timeout", "30s"},
      {"proxy-stream-next-upstream-tries", "5"},
      {"proxy-stream-responses", "2"},
      {"access-log-path", "/tmp/a.log"},
      {"stream-access-log-path", "/tmp/s.log"},
      {"disable-stream-access-log", "true"},
      {"log-format-stream", "$remote_addr $session_time"},
      {"disable-access-log", "true"},
      {"enable-access-log-for-default-backend", "true"},
      {"enable-auth-access-log", "true"},
      {"proxy-stream-timeout", "30s"},
      {"skip-access-log-urls", "/healthz,~^/metrics"},
      {"log-format-upstream", "$remote_addr $status"},
      {"log-format-escape-json", "true"},
      {"log-format-escape-none", "true"},
      {"worker-processes", "3"},
      {"worker-shutdown-timeout", "10s"},
      {"default-type", "application/json"},
      {"weir-reason-header", "true"},
      {"debug-connections", "10.0.0.0/8"},
      {"disable-ipv6-dns", "true"},
      {"enable-syslog", "true"},
      {"syslog-host", "logs.example"},
      {"syslog-port", "1514"},
  };
  return data;
}

TEST(ReadSettings, EachExactKeyIsReadAndPrinted) {
  const Keys& data = values_of_exact_keys();

  const SettingsResult result = read_keys(data);

  EXPECT_EQ(lines(result), "");
  EXPECT_EQ(result.used, data);
  for (const auto& [key, value] : data) {
    const SettingRow* row = find_setting(key);
    ASSERT_NE(row, nullptr) << key;
    EXPECT_EQ(row->print(result.settings), value) << key;
    EXPECT_NE(row->print(read_keys({}).settings), value) << key << " has its default here";
  }
}

TEST(ReadSettings, EveryExactKeyIsCoveredByTheTestAbove) {
  // ssl-session-ticket-key, no-auth-locations, http-access-log-path and disable-http-access-log have tests of their
  // own.
  std::size_t exact = 0;
  for (const SettingRow& row : settings_table()) exact += row.support == Support::exact ? 1 : 0;

  EXPECT_EQ(exact, values_of_exact_keys().size() + 4u);
}

TEST(ReadSettings, UnknownKeysAreNamedWithTheNearest) {
  const SettingsResult result = read_keys({{"proxy-body-sise", "1m"}});

  EXPECT_EQ(lines(result), "warning setting-unknown proxy-body-sise\n");
  EXPECT_THAT(result.diagnostics[0].text, HasSubstr("did you mean proxy-body-size?"));
  EXPECT_EQ(result.diagnostics[0].object, kConfigMap);
}

TEST(ReadSettings, ValuesThatDoNotDecodeLeaveTheDefault) {
  for (const auto& [key, value] : Keys{{"allow-snippet-annotations", "yes"},
                                       {"http-redirect-code", "200"},
                                       {"hsts-max-age", "1y; x"},
                                       {"ssl-protocols", "TLSv1.2, TLSv1.3"},
                                       {"ssl-protocols", "TLSv1.1"},
                                       {"ssl-ciphers", "HIGH; x"},
                                       {"ssl-ecdh-curve", "a b"},
                                       {"ssl-session-cache-size", "much"},
                                       {"ssl-session-timeout", "long"},
                                       {"ssl-session-ticket-key", "c2hvcnQ="},
                                       {"keep-alive", "-1"},
                                       {"client-header-buffer-size", "0"},
                                       {"client-header-buffer-size", "1x"},
                                       {"large-client-header-buffers", "8k"},
                                       {"large-client-header-buffers", "0 8k"},
                                       {"forwarded-for-header", "X Forwarded"},
                                       {"proxy-connect-timeout", "-1"},
                                       {"proxy-read-timeout", "5s"},
                                       {"proxy-body-size", "2q"},
                                       {"proxy-buffering", "true"},
                                       {"proxy-buffer-size", "0"},
                                       {"proxy-buffers-number", "1"},
                                       {"proxy-http-version", "2"},
                                       {"proxy-next-upstream", "error,timeout"},
                                       {"load-balance", "least"},
                                       {"gzip-level", "0"},
                                       {"gzip-level", "10"},
                                       {"gzip-min-length", "1k"},
                                       {"use-gzip", "yes"},
                                       {"brotli-level", "12"},
                                       {"enable-brotli", "on"},
                                       {"upstream-keepalive-time", "x"},
                                       {"upstream-keepalive-connections", "-1"},
                                       {"access-log-path", ""},
                                       {"worker-processes", "0"},
                                       {"worker-processes", "many"},
                                       {"worker-shutdown-timeout", "soon"}}) {
    const SettingsResult result = read_keys({{key, value}});

    EXPECT_EQ(result.settings, read_keys({}).settings) << key;
    EXPECT_EQ(lines(result), "warning setting-invalid " + key + "\n");
    EXPECT_TRUE(result.used.empty()) << key;
  }
}

TEST(ReadSettings, TypesThatAreNoneAreTold) {
  const CompressionSettings standard = read_keys({}).settings.compression;
  for (const char* bad : {"a;b", "text/css; text/plain", "\"text/css\"", "text/css}", " ,"}) {
    const SettingsResult result = read_keys({{"gzip-types", bad}, {"brotli-types", bad}});
    EXPECT_EQ(lines(result), "warning setting-invalid brotli-types\nwarning setting-invalid gzip-types\n") << bad;
    EXPECT_THAT(result.diagnostics.front().text, HasSubstr("; the default is used")) << bad;
    EXPECT_EQ(result.settings.compression, standard) << bad;
  }

  const SettingsResult partly =
      read_keys({{"gzip-types", "json text/css\ntext/* image/svg+xml"}, {"brotli-types", "*"}});
  EXPECT_THAT(partly.settings.compression.gzip.types, ::testing::ElementsAre("text/css", "image/svg+xml"));
  EXPECT_THAT(partly.settings.compression.brotli.types, ::testing::ElementsAre("*"));
  ASSERT_EQ(partly.diagnostics.size(), 1u);
  EXPECT_THAT(partly.diagnostics.front().text, HasSubstr("has `json text/*`, which is no type such as `text/css`"));
}

TEST(ReadSettings, CombinationsThatCannotWorkFallBack) {
  EXPECT_EQ(read_keys({{"proxy-busy-buffers-size", "64k"}}).settings.defaults.proxy.busy_buffers_size, 0u);
  EXPECT_EQ(read_keys({{"proxy-max-temp-file-size", "1k"}}).settings.defaults.proxy.max_temp_file_size,
            1024u * 1024 * 1024);
  EXPECT_EQ(read_keys({{"proxy-buffer-size", "2g"}}).settings.defaults.proxy.buffer_size, 4u * 1024);
  EXPECT_EQ(read_keys({{"proxy-busy-buffers-size", "8k"}}).settings.defaults.proxy.busy_buffers_size, 8u * 1024);
}

TEST(ReadSettings, AnUnknownRiskLevelMeansLow) {
  const SettingsResult result = read_keys({{"annotations-risk-level", "severe"}});

  EXPECT_EQ(result.settings.risk_level, RiskLevel::low);
  EXPECT_EQ(lines(result), "warning setting-invalid annotations-risk-level\n");
  EXPECT_EQ(read_keys({{"annotations-risk-level", "critical"}}).settings.risk_level, RiskLevel::critical);
}

TEST(ReadSettings, ListsDropBlanksAndEmptyItems) {
  const Settings from =
      read_keys({{"annotation-value-word-blocklist", " a, b,,"}, {"no-tls-redirect-locations", ""}}).settings;

  EXPECT_EQ(from.word_blocklist, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(from.no_tls_redirect_locations.empty());
}

TEST(ReadSettings, HiddenHeadersAreLowerCase) {
  EXPECT_EQ(read_keys({{"hide-headers", "X-Powered-By"}}).settings.hide_headers,
            (std::vector<std::string>{"x-powered-by"}));
}

TEST(ReadSettings, AWrongTrustedPeerIsLeftOutInsteadOfTrustingEveryone) {
  const SettingsResult some = read_keys({{"proxy-real-ip-cidr", "10.0.0.0/8, proxy.example"}});
  const SettingsResult none = read_keys({{"proxy-real-ip-cidr", "proxy.example"}});

  EXPECT_EQ(some.settings.proxy_real_ip_cidr, (std::vector<base::Cidr>{*base::parse_cidr("10.0.0.0/8")}));
  EXPECT_EQ(lines(some), "warning setting-invalid proxy-real-ip-cidr\n");
  EXPECT_TRUE(none.settings.proxy_real_ip_cidr.empty());
}

TEST(ReadSettings, TicketKeysAreDecodedAndNeverPrinted) {
  const std::string key64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";  // 48 zero bytes

  const SettingsResult result = read_keys({{"ssl-session-ticket-key", key64}});
  const SettingsResult bad = read_keys({{"ssl-session-ticket-key", "SECRET"}});

  EXPECT_EQ(result.settings.ssl_session_ticket_key, std::string(48, '\0'));
  EXPECT_FALSE(find_setting("ssl-session-ticket-key")->print);
  ASSERT_EQ(bad.diagnostics.size(), 1u);
  EXPECT_EQ(bad.diagnostics[0].text.find("SECRET"), std::string::npos);
}

TEST(ReadSettings, TheAccessLogHasTwoKeysForPathAndSwitch) {
  EXPECT_EQ(read_keys({{"access-log-path", "/a"}, {"http-access-log-path", "/b"}}).settings.access_log_path, "/b");
  EXPECT_EQ(read_keys({{"access-log-path", "/a"}, {"http-access-log-path", ""}}).settings.access_log_path, "/a");
  EXPECT_FALSE(read_keys({{"disable-access-log", "true"}, {"disable-http-access-log", "false"}}).settings.access_log);
  EXPECT_FALSE(read_keys({{"disable-http-access-log", "true"}}).settings.access_log);
}

TEST(ReadSettings, ALogFormatMayHaveSeveralLines) {
  EXPECT_EQ(read_keys({{"log-format-upstream", "{\"a\": \"$host\",\n\"b\": \"$status\"}\n"}}).settings.log_format,
            "{\"a\": \"$host\",\n\"b\": \"$status\"}");
}

TEST(ReadSettings, AGlobalAuthUrlThatCannotBeUsedNeverOpens) {
  for (const char* url : {"auth.example", "https:///verify", "http://$nosuch/", "ftp://x/"}) {
    const SettingsResult result = read_keys({{"global-auth-url", url}});

    EXPECT_TRUE(result.settings.defaults.external_auth.on()) << url;
    EXPECT_EQ(result.settings.defaults.external_auth.url.source(), std::string("invalid:") + url);
    EXPECT_EQ(lines(result), "warning setting-invalid global-auth-url\n");
  }
  EXPECT_FALSE(read_keys({{"global-auth-url", ""}}).settings.defaults.external_auth.on());
}

TEST(ReadSettings, ProtectingKeysThatAreNotImplementedCloseEverything) {
  for (const auto& [key, value] : Keys{{"enable-modsecurity", "true"}}) {
    const SettingsResult result = read_keys({{key, value}});

    EXPECT_EQ(result.settings.deny_all_reason, key + "-planned");
    EXPECT_EQ(lines(result), "warning setting-denies " + key + "\n");
  }
  EXPECT_EQ(read_keys({{"enable-modsecurity", "false"}}).settings.deny_all_reason, "");
}

TEST(ReadSettings, NamesThatAreNoneAreLeftOutOfHideHeadersWithAWarning) {
  const SettingsResult result = read_keys({{"hide-headers", "X-Powered-By, a b, X_Trace"}});

  EXPECT_EQ(result.settings.hide_headers, (std::vector<std::string>{"x-powered-by", "x_trace"}));
  EXPECT_EQ(lines(result), "warning setting-invalid hide-headers\n");
}

TEST(ReadSettings, ProxyProtocolIsReadWithItsTimeout) {
  const SettingsResult on = read_keys({{"use-proxy-protocol", "true"}, {"proxy-protocol-header-timeout", "1m"}});

  EXPECT_EQ(lines(on), "");
  EXPECT_TRUE(on.settings.use_proxy_protocol);
  EXPECT_EQ(on.settings.proxy_protocol_header_timeout, std::chrono::seconds(60));
  EXPECT_FALSE(read_keys({{"use-proxy-protocol", "false"}}).settings.use_proxy_protocol);
  EXPECT_EQ(lines(read_keys({{"proxy-protocol-header-timeout", "soon"}})),
            "warning setting-invalid proxy-protocol-header-timeout\n");
}

TEST(ReadSettings, AListOfAddressesThatCannotBeReadClosesEverything) {
  for (const char* key : {"whitelist-source-range", "denylist-source-range", "block-cidrs"}) {
    const SettingsResult result = read_keys({{key, "10.0.0.0/8, office"}});

    EXPECT_EQ(result.settings.deny_all_reason, std::string(key) + "-invalid");
    EXPECT_EQ(lines(result), std::string("warning setting-invalid ") + key + "\n");
    EXPECT_EQ(read_keys({{key, " "}}).settings.deny_all_reason, "") << "an empty list lists nobody";
  }
}

TEST(ReadSettings, AWrongReaderOfTheStatusPageIsLeftOut) {
  const SettingsResult result = read_keys({{"nginx-status-ipv4-whitelist", "10.0.0.1, ::2, x"}});

  EXPECT_EQ(result.settings.status_page_clients.to_string(), "::1/128,10.0.0.1/32");
  EXPECT_EQ(lines(result), "warning setting-invalid nginx-status-ipv4-whitelist\n");
}

TEST(ReadSettings, AnUnknownVariableLeavesTheClientsAddressAsTheKeyOfLimits) {
  const SettingsResult result = read_keys({{"limit-conn-zone-variable", "$nosuch"}});

  EXPECT_EQ(result.settings.limit_key, "$binary_remote_addr");
  EXPECT_EQ(lines(result), "warning setting-invalid limit-conn-zone-variable\n");
}

TEST(ReadSettings, PlannedKeysAreNamedWhenTheyAskForSomething) {
  EXPECT_EQ(
      lines(read_keys(
          {{"otel-max-queuesize", "5"}, {"otlp-collector-port", "4317"}, {"opentelemetry-trust-incoming-span", "1"}})),
      "warning setting-planned otel-max-queuesize\n");
  EXPECT_EQ(lines(read_keys({{"limit-req-status-code", "200"}})), "warning setting-invalid limit-req-status-code\n");
}

TEST(ReadSettings, TcpAndUdpServicesHaveTriesAndAnswersOfTheirOwn) {
  const Settings settings = read_keys({{"proxy-stream-responses", "5"},
                                       {"proxy-stream-next-upstream-tries", "0"},
                                       {"proxy-stream-next-upstream-timeout", "10s"},
                                       {"proxy-stream-next-upstream", "false"}})
                                .settings;
  EXPECT_EQ(settings.stream_responses, 5u);
  EXPECT_EQ(settings.stream_next_upstream_tries, 0u);
  EXPECT_EQ(settings.stream_next_upstream_timeout, std::chrono::seconds(10));
  EXPECT_FALSE(settings.stream_next_upstream);

  const SettingsResult bad = read_keys({{"proxy-stream-responses", "-1"},
                                        {"proxy-stream-next-upstream-tries", "many"},
                                        {"proxy-stream-next-upstream-timeout", "soon"},
                                        {"proxy-stream-next-upstream", "perhaps"}});
  EXPECT_EQ(bad.settings.stream_responses, 1u);
  EXPECT_EQ(bad.settings.stream_next_upstream_tries, 3u);
  EXPECT_EQ(bad.settings.stream_next_upstream_timeout, std::chrono::seconds(600));
  EXPECT_TRUE(bad.settings.stream_next_upstream);
  EXPECT_EQ(bad.diagnostics.size(), 4u);
}

TEST(ReadSettings, TheLogOfTcpAndUdpServicesFollowsTheCommonKeysUnlessItsOwnSayOtherwise) {
  const auto log_of = [](std::map<std::string, std::string> data) {
    const Settings settings = read_keys(data).settings;
    return settings.stream_log_path + (settings.stream_log ? "" : " off") + " " + settings.access_log_path +
           (settings.access_log ? "" : " off");
  };
  EXPECT_EQ(log_of({}), "/dev/stdout /dev/stdout");
  EXPECT_EQ(log_of({{"access-log-path", "/a"}}), "/a /a");
  EXPECT_EQ(log_of({{"access-log-path", "/a"}, {"stream-access-log-path", "/s"}}), "/s /a");
  EXPECT_EQ(log_of({{"access-log-path", "/a"}, {"http-access-log-path", "/h"}}), "/a /h");
  EXPECT_EQ(log_of({{"disable-access-log", "true"}}), "/dev/stdout off /dev/stdout off");
  EXPECT_EQ(log_of({{"disable-http-access-log", "true"}}), "/dev/stdout /dev/stdout off");
  EXPECT_EQ(log_of({{"disable-stream-access-log", "true"}}), "/dev/stdout off /dev/stdout");
}

TEST(ReadSettings, Http2IsOnWithItsNumberOfStreamsUnlessSwitchedOff) {
  EXPECT_TRUE(read_keys({}).settings.use_http2);
  EXPECT_FALSE(read_keys({{"use-http2", "false"}}).settings.use_http2);
  EXPECT_EQ(read_keys({{"http2-max-concurrent-streams", "7"}}).settings.http2_max_concurrent_streams, 7U);

  const SettingsResult none = read_keys({{"http2-max-concurrent-streams", "0"}});
  EXPECT_EQ(none.settings.http2_max_concurrent_streams, 128U);
  EXPECT_EQ(lines(none), "warning setting-invalid http2-max-concurrent-streams\n");
}

TEST(ReadSettings, RawTextIsNeverUsed) {
  EXPECT_EQ(lines(read_keys({{"server-snippet", "deny all;"}, {"http-snippet", ""}})),
            "warning setting-refused server-snippet\n");
}

TEST(ReadSettings, NoOpsAreToldAsInformation) {
  EXPECT_EQ(lines(read_keys({{"reuse-port", "false"}, {"max-worker-connections", "16384"}})),
            "info setting-noop reuse-port\n");
}

TEST(ReadSettings, AnyBytesGiveADefinedOutcome) {
  const std::string bytes("\0\xff\x80${|}\"'`\\;\r\n-9", 16);
  for (const SettingRow& row : settings_table()) {
    const SettingsResult result = read_keys({{std::string(row.key), bytes}});

    EXPECT_TRUE(!result.diagnostics.empty() || result.used.count(std::string(row.key)) == 1 ||
                row.support == Support::planned)
        << row.key;
  }
}

TEST(Settings, KeysOfLogsAndAnswersAreRead) {
  const SettingsResult result = read_keys({{"default-type", "application/json"},
                                           {"weir-reason-header", "true"},
                                           {"debug-connections", "10.0.0.0/8, 192.0.2.1"},
                                           {"disable-ipv6-dns", "true"},
                                           {"enable-syslog", "true"},
                                           {"syslog-host", "logs.example"},
                                           {"syslog-port", "1514"}});
  EXPECT_EQ(lines(result.diagnostics), "");
  EXPECT_EQ(result.settings.default_type, "application/json");
  EXPECT_TRUE(result.settings.reason_header);
  EXPECT_EQ(result.settings.debug_connections.to_string(), "10.0.0.0/8,192.0.2.1/32");
  EXPECT_TRUE(result.settings.disable_ipv6_dns);
  EXPECT_TRUE(result.settings.syslog);
  EXPECT_EQ(result.settings.syslog_host, "logs.example");
  EXPECT_EQ(result.settings.syslog_port, 1514u);
}

TEST(Settings, WrongValuesOfLogsAndAnswersLeaveTheDefault) {
  const SettingsResult result = read_keys({{"default-type", "text/html; charset=utf-8"},
                                           {"weir-reason-header", "maybe"},
                                           {"debug-connections", "10.0.0.1,here"},
                                           {"syslog-host", "a b"},
                                           {"syslog-port", "70000"}});
  EXPECT_EQ(result.diagnostics.size(), 5u) << lines(result.diagnostics);
  EXPECT_EQ(result.settings.default_type, "text/html");
  EXPECT_FALSE(result.settings.reason_header);
  EXPECT_EQ(result.settings.debug_connections.to_string(), "10.0.0.1/32");
  EXPECT_EQ(result.settings.syslog_host, "");
  EXPECT_EQ(result.settings.syslog_port, 514u);
}

}  // namespace
}  // namespace weir::features
