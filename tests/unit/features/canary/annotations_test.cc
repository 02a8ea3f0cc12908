#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;

TEST(CanaryAnnotations, AreReadIntoThePolicy) {
  const ReadResult result = read({{"canary", "true"},
                                  {"canary-weight", "20"},
                                  {"canary-weight-total", "1000"},
                                  {"canary-by-header", "X-Canary"},
                                  {"canary-by-header-value", "blue"},
                                  {"canary-by-header-pattern", "^b"},
                                  {"canary-by-cookie", "beta"}});

  EXPECT_EQ(lines(result), "");
  const CanaryPolicy want{true, 20, 1000, "X-Canary", "blue", "^b", "beta"};
  EXPECT_EQ(result.policies.canary, want);
  EXPECT_EQ(read({}).policies.canary, CanaryPolicy{});
}

TEST(CanaryAnnotations, ATotalCountsOnlyAboveAHundred) {
  EXPECT_EQ(read({{"canary", "true"}, {"canary-weight-total", "50"}}).policies.canary.total(), 100);
  EXPECT_EQ(read({{"canary", "true"}, {"canary-weight-total", "101"}}).policies.canary.total(), 101);
  EXPECT_EQ(CanaryPolicy{}.total(), 100);
}

TEST(CanaryAnnotations, ConditionsWithoutCanaryLeaveAnOrdinaryObject) {
  const ReadResult result = read({{"canary", "false"}, {"canary-by-header", "X-Canary"}});

  EXPECT_EQ(result.policies.canary, CanaryPolicy{});
  EXPECT_EQ(lines(result), "warning annotation-ignored canary-by-header\n");
  EXPECT_EQ(outcome({{"canary-weight", "7"}}), "warning annotation-ignored canary-weight\n");
  EXPECT_EQ(outcome({{"canary-weight", "0"}}), "ok");
  EXPECT_EQ(outcome({{"canary", "false"}}), "ok");
}

TEST(CanaryAnnotations, BadValuesFallBackAndTheRestStays) {
  EXPECT_FALSE(read({{"canary", "yes"}}).policies.canary.enabled);
  EXPECT_EQ(outcome({{"canary", "yes"}}), "warning annotation-invalid canary\n");
  for (const char* bad : {"20%", "-1", "1.5", "99999999999999999999"}) {
    const ReadResult result = read({{"canary", "true"}, {"canary-weight", bad}});
    EXPECT_EQ(lines(result), "warning annotation-invalid canary-weight\n") << bad;
    EXPECT_EQ(result.policies.canary.weight, 0) << bad;
    EXPECT_TRUE(result.policies.canary.enabled) << bad;
  }
  EXPECT_EQ(outcome({{"canary", "true"}, {"canary-weight-total", "x"}}),
            "warning annotation-invalid canary-weight-total\n");
  EXPECT_EQ(outcome({{"canary", "true"}, {"canary-by-header", "X Canary;"}}),
            "warning annotation-invalid canary-by-header\n");
  EXPECT_EQ(outcome({{"canary", "true"}, {"canary-by-header-value", "a;b"}}),
            "warning annotation-invalid canary-by-header-value\n");
  EXPECT_EQ(outcome({{"canary", "true"}, {"canary-by-header-pattern", "a b"}}),
            "warning annotation-invalid canary-by-header-pattern\n");
  EXPECT_EQ(outcome({{"canary", "true"}, {"canary-by-cookie", "a=b"}}),
            "warning annotation-invalid canary-by-cookie\n");
}

}  // namespace
}  // namespace weir::features
