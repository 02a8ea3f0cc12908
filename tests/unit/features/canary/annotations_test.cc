#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(CanaryAnnotations, ACanaryNeverMakesHosts) {
  const ReadResult result = read({{"canary", "true"}, {"canary-weight", "20"}});

  EXPECT_TRUE(result.policies.canary.enabled);
  EXPECT_EQ(lines(result), "warning annotation-planned canary\nwarning annotation-planned canary-weight\n");
  EXPECT_FALSE(read({}).policies.canary.enabled);
}

TEST(CanaryAnnotations, ConditionsWithoutCanaryLeaveAnOrdinaryObject) {
  const ReadResult result = read({{"canary", "false"}, {"canary-by-header", "X-Canary"}});

  EXPECT_FALSE(result.policies.canary.enabled);
  EXPECT_EQ(lines(result),
            "warning annotation-ignored canary-by-header\nwarning annotation-planned canary-by-header\n");
  EXPECT_EQ(outcome({{"canary-weight", "0"}}), "warning annotation-planned canary-weight\n");
}

TEST(CanaryAnnotations, BadValuesFallBack) {
  EXPECT_FALSE(read({{"canary", "yes"}}).policies.canary.enabled);
  EXPECT_EQ(outcome({{"canary", "yes"}}), "warning annotation-invalid canary\n");
  EXPECT_EQ(outcome({{"canary-weight", "20%"}}), "warning annotation-invalid canary-weight\n");
  EXPECT_EQ(outcome({{"canary-by-header", "X Canary;"}}), "warning annotation-invalid canary-by-header\n");
}

}  // namespace
}  // namespace weir::features
