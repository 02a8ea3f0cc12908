#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ProxyAnnotations, EachFillsItsFieldAndPrintsIt) {
  const testing::Keys keys = {{"proxy-connect-timeout", "7"},
                              {"proxy-send-timeout", "8"},
                              {"proxy-read-timeout", "9"},
                              {"proxy-next-upstream", "error http_502 non_idempotent"},
                              {"proxy-next-upstream-timeout", "10"},
                              {"proxy-next-upstream-tries", "11"},
                              {"proxy-body-size", "12m"},
                              {"client-body-buffer-size", "13k"},
                              {"proxy-request-buffering", "off"},
                              {"proxy-buffering", "on"},
                              {"proxy-buffers-number", "14"},
                              {"proxy-buffer-size", "15k"},
                              {"proxy-busy-buffers-size", "30k"},
                              {"proxy-max-temp-file-size", "16m"},
                              {"proxy-http-version", "1.0"},
                              {"connection-proxy-header", "close"}};
  ProxyPolicy expected;
  expected.connect_timeout = seconds(7);
  expected.send_timeout = seconds(8);
  expected.read_timeout = seconds(9);
  expected.next_upstream = kRetryError | kRetry502 | kRetryNonIdempotent;
  expected.next_upstream_timeout = seconds(10);
  expected.next_upstream_tries = 11;
  expected.body_size = 12 * 1024 * 1024;
  expected.client_body_buffer_size = 13 * 1024;
  expected.request_buffering = false;
  expected.buffering = true;
  expected.buffers_number = 14;
  expected.buffer_size = 15 * 1024;
  expected.busy_buffers_size = 30 * 1024;
  expected.max_temp_file_size = 16 * 1024 * 1024;
  expected.http_1_0 = true;
  expected.connection_close = true;

  const ReadResult result = read(keys);

  EXPECT_EQ(result.policies.proxy, expected);
  EXPECT_EQ(result.used, keys);
  for (const auto& [key, value] : keys) EXPECT_EQ(find_annotation(key)->print(result.policies), value) << key;
}

TEST(ProxyAnnotations, EachHasTheConfigMapsValueByDefault) {
  const testing::Keys data = {{"proxy-connect-timeout", "7"},
                              {"proxy-send-timeout", "8"},
                              {"proxy-read-timeout", "9"},
                              {"proxy-next-upstream", "timeout http_503"},
                              {"proxy-next-upstream-timeout", "10"},
                              {"proxy-next-upstream-tries", "11"},
                              {"proxy-body-size", "12m"},
                              {"client-body-buffer-size", "13k"},
                              {"proxy-request-buffering", "off"},
                              {"proxy-buffering", "on"},
                              {"proxy-buffers-number", "14"},
                              {"proxy-buffer-size", "15k"},
                              {"proxy-max-temp-file-size", "16m"},
                              {"proxy-http-version", "1.0"}};

  const ReadResult result = read({}, settings(data));

  for (const auto& [key, value] : data) EXPECT_EQ(find_annotation(key)->print(result.policies), value) << key;
}

TEST(ProxyAnnotations, BadValuesFallBackToTheConfigMap) {
  const Settings from = settings({{"proxy-read-timeout", "33"}, {"proxy-body-size", "3m"}});
  for (const auto& [key, value] : testing::Keys{{"proxy-connect-timeout", "5s"},
                                                {"proxy-send-timeout", "1m"},
                                                {"proxy-read-timeout", "ten"},
                                                {"proxy-next-upstream", "error,timeout"},
                                                {"proxy-next-upstream-timeout", "x"},
                                                {"proxy-next-upstream-tries", "x"},
                                                {"proxy-body-size", "1mb"},
                                                {"proxy-request-buffering", "true"},
                                                {"proxy-buffering", "yes"},
                                                {"proxy-buffers-number", "x"},
                                                {"proxy-buffer-size", "4kb"},
                                                {"proxy-busy-buffers-size", "x"},
                                                {"proxy-max-temp-file-size", "-1"},
                                                {"proxy-http-version", "2"}}) {
    const ReadResult result = read({{key, value}}, from);

    EXPECT_EQ(result.policies, from.defaults) << key;
    EXPECT_EQ(lines(result), "warning annotation-invalid " + key + "\n");
  }
}

TEST(ProxyAnnotations, TwoOfThemRefuseTheObject) {
  EXPECT_EQ(outcome({{"client-body-buffer-size", "8kb"}}), "ING");
  EXPECT_EQ(outcome({{"connection-proxy-header", "upgrade"}}), "ING");
}

TEST(ProxyAnnotations, ValuesThatFreezeTheOriginalDenyOnlyThisObject) {
  for (const auto& [key, value] : testing::Keys{{"proxy-buffers-number", "1"},
                                                {"proxy-busy-buffers-size", "1k"},
                                                {"proxy-buffer-size", "0"},
                                                {"proxy-max-temp-file-size", "1k"},
                                                {"proxy-connect-timeout", "-1"},
                                                {"proxy-send-timeout", "-5"},
                                                {"proxy-next-upstream-tries", "-1"},
                                                {"proxy-next-upstream-timeout", "-1"},
                                                {"proxy-next-upstream", "errortimeout"},
                                                {"proxy-body-size", "9999999999999g"}}) {
    EXPECT_EQ(outcome({{key, value}}), "503 " + key + "-invalid");
  }
  EXPECT_EQ(outcome({{"proxy-busy-buffers-size", "64k"}}), "503 proxy-busy-buffers-size-invalid");
  EXPECT_EQ(outcome({{"proxy-buffer-size", "2g"}}), "503 proxy-buffer-size-invalid");
}

TEST(ProxyAnnotations, OddButHarmlessValues) {
  EXPECT_EQ(read({{"proxy-connect-timeout", "0"}}).policies.proxy.connect_timeout, milliseconds(0));
  EXPECT_EQ(outcome({{"proxy-connect-timeout", "0"}}), "ok");
  EXPECT_EQ(outcome({{"client-body-buffer-size", "0"}}), "ok");
  EXPECT_EQ(outcome({{"proxy-max-temp-file-size", "0"}}), "ok");
  EXPECT_EQ(read({{"proxy-next-upstream", "off error"}}).policies.proxy.next_upstream, kRetryOff | kRetryError);
  EXPECT_EQ(read({{"proxy-body-size", "0"}}).policies.proxy.body_size, 0u);
  EXPECT_EQ(outcome({{"proxy-read-timeout", "99999999999999"}}), "ok");
}

TEST(ProxyAnnotations, SizesInAnotherUnitAreNotApplied) {
  const ReadResult body = read({{"proxy-body-size", "5b"}});
  const ReadResult buffer = read({{"client-body-buffer-size", "1g"}});

  EXPECT_EQ(body.policies.proxy.body_size, 1024u * 1024);
  EXPECT_EQ(lines(body), "warning annotation-invalid proxy-body-size\n");
  EXPECT_EQ(buffer.policies.proxy.client_body_buffer_size, 8u * 1024);
  EXPECT_EQ(lines(buffer), "warning annotation-invalid client-body-buffer-size\n");
  EXPECT_TRUE(body.used.empty());
}

TEST(ProxyAnnotations, ConnectionHeaderHasTwoValues) {
  EXPECT_TRUE(read({{"connection-proxy-header", "keep-alive"}}).policies.proxy.connection_keep_alive);
  EXPECT_FALSE(read({{"connection-proxy-header", "keep-alive"}}).policies.proxy.connection_close);
  EXPECT_FALSE(read({}).policies.proxy.connection_close);
}

TEST(NextUpstream, TextAndBits) {
  EXPECT_EQ(parse_next_upstream("error  timeout"), kRetryError | kRetryTimeout);
  EXPECT_EQ(parse_next_upstream(""), std::nullopt);
  EXPECT_EQ(parse_next_upstream("error http_501"), std::nullopt);
  EXPECT_EQ(next_upstream_text(kRetry404 | kRetryError), "error http_404");
}

}  // namespace
}  // namespace weir::features
