#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::Keys;
using testing::outcome;
using testing::read;
using testing::settings;

RateLimitPolicy limits(const Keys& keys, const Keys& config = {}) {
  return read(keys, settings(config)).policies.rate_limit;
}

TEST(RateLimitAnnotations, LimitsAreNumbersAndOffByDefault) {
  EXPECT_FALSE(limits({}).limits_requests());
  EXPECT_EQ(limits({{"limit-connections", "65535"}}).connections, 65535);
  EXPECT_EQ(limits({{"limit-rps", "5"}}).rps, 5);
  EXPECT_EQ(limits({{"limit-rpm", "300"}}).rpm, 300);
  EXPECT_EQ(limits({}).burst_multiplier, 5);
  EXPECT_EQ(limits({{"limit-burst-multiplier", "0"}}).burst_multiplier, 0);
}

TEST(RateLimitAnnotations, ZeroAndLessIsOff) {
  for (const char* key : {"limit-connections", "limit-rps", "limit-rpm"}) {
    for (const char* value : {"0", "-5"}) {
      EXPECT_EQ(outcome({{key, value}}), "ok") << key;
      EXPECT_FALSE(limits({{key, value}}).limits_requests()) << key;
    }
  }
}

TEST(RateLimitAnnotations, HugeNumbersStayWithinBounds) {
  const RateLimitPolicy policy =
      limits({{"limit-rps", "9223372036854775807"}, {"limit-burst-multiplier", "9223372036854775807"}});

  EXPECT_EQ(policy.rps, 1'000'000'000);
  EXPECT_EQ(policy.burst_multiplier, 1'000'000);
  EXPECT_EQ(outcome({{"limit-rps", "9223372036854775808"}}), "ING");
}

TEST(RateLimitAnnotations, SpeedsAreInKilobytesAndDefaultToTheConfigMaps) {
  EXPECT_EQ(limits({{"limit-rate", "10"}}).rate, 10240u);
  EXPECT_EQ(limits({{"limit-rate-after", "1"}}).rate_after, 1024u);
  EXPECT_EQ(limits({}, {{"limit-rate", "7"}, {"limit-rate-after", "8"}}).rate, 7168u);
  EXPECT_EQ(limits({}, {{"limit-rate", "7"}, {"limit-rate-after", "8"}}).rate_after, 8192u);
  EXPECT_EQ(limits({{"limit-rate", "-1"}}, {{"limit-rate", "7"}}).rate, 0u);
}

TEST(RateLimitAnnotations, ClientsOfTheAllowListAreNeverLimited) {
  const RateLimitPolicy policy = limits({{"limit-rps", "1"}, {"limit-whitelist", "10.0.0.0/8"}});

  EXPECT_TRUE(policy.allow.contains(*base::parse_ip("10.1.1.1")));
  EXPECT_FALSE(policy.allow.contains(*base::parse_ip("11.1.1.1")));
}

TEST(RateLimitAnnotations, BadValues) {
  EXPECT_EQ(outcome({{"limit-rps", "5r/s"}}), "ING");
  EXPECT_EQ(outcome({{"limit-rpm", "x"}}), "ING");
  EXPECT_EQ(outcome({{"limit-connections", "x"}}), "ING");
  EXPECT_EQ(outcome({{"limit-allowlist", "x"}}), "ING");
  EXPECT_EQ(outcome({{"limit-rate", "5k"}}), "warning annotation-invalid limit-rate\n");
  EXPECT_EQ(outcome({{"limit-rate-after", "5k"}}), "warning annotation-invalid limit-rate-after\n");
  EXPECT_EQ(outcome({{"limit-burst-multiplier", "x"}}), "warning annotation-invalid limit-burst-multiplier\n");
  EXPECT_EQ(outcome({{"limit-burst-multiplier", "-1"}}), "warning annotation-invalid limit-burst-multiplier\n");
}

TEST(RateLimitAnnotations, TooManyConnectionsDenyOnlyThisObject) {
  EXPECT_EQ(outcome({{"limit-connections", "65536"}}), "503 limit-connections-invalid");
  EXPECT_EQ(outcome({{"limit-connections", "65535"}}), "ok");
}

}  // namespace
}  // namespace weir::features
