#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(RateLimitAnnotations, AreServedWithAWarning) {
  for (const char* key :
       {"limit-connections", "limit-rps", "limit-rpm", "limit-rate", "limit-rate-after", "limit-burst-multiplier"}) {
    EXPECT_EQ(outcome({{key, "5"}}), std::string("warning annotation-planned ") + key + "\n");
    EXPECT_EQ(outcome({{key, "0"}}), "ok") << key;
  }
  EXPECT_EQ(outcome({{"limit-whitelist", "10.0.0.0/8"}}), "warning annotation-planned limit-allowlist\n");
}

TEST(RateLimitAnnotations, BadValues) {
  EXPECT_EQ(outcome({{"limit-rps", "5r/s"}}), "ING");
  EXPECT_EQ(outcome({{"limit-rpm", "x"}}), "ING");
  EXPECT_EQ(outcome({{"limit-connections", "x"}}), "ING");
  EXPECT_EQ(outcome({{"limit-allowlist", "x"}}), "ING");
  EXPECT_EQ(outcome({{"limit-rate", "5k"}}), "warning annotation-invalid limit-rate\n");
  EXPECT_EQ(outcome({{"limit-burst-multiplier", "x"}}), "warning annotation-invalid limit-burst-multiplier\n");
}

TEST(RateLimitAnnotations, TooManyConnectionsDenyOnlyThisObject) {
  EXPECT_EQ(outcome({{"limit-connections", "65536"}}), "503 limit-connections-invalid");
  EXPECT_EQ(outcome({{"limit-connections", "65535"}}), "warning annotation-planned limit-connections\n");
}

}  // namespace
}  // namespace weir::features
