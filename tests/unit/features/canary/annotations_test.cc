#include "unit/features/reading.h"

#include <gmock/gmock.h>

namespace weir::features {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using testing::lines;
using ::testing::Not;
using testing::outcome;
using testing::read;
using ::testing::SizeIs;

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

TEST(CanaryAnnotations, WhatClosesPathsIsToldToCloseNoneOfACanary) {
  const testing::Keys broken = {{"auth-type", "basic"}, {"auth-tls-secret", ""}, {"allowlist-source-range", "x"}};
  testing::Keys of_canary = broken;
  of_canary["canary"] = "true";
  const auto texts = [](const testing::Keys& keys) {
    std::vector<std::string> out;
    for (const base::Diagnostic& told : read(keys).diagnostics) out.push_back(told.text);
    return out;
  };

  EXPECT_THAT(texts(of_canary), Contains(HasSubstr("; this closes nothing: a canary is served with")).Times(3));
  EXPECT_THAT(texts(broken), AllOf(SizeIs(3), Each(HasSubstr(" answer 503 ("))));
  of_canary["canary"] = "yes";
  EXPECT_THAT(texts(of_canary), Not(Contains(HasSubstr("closes nothing"))));
}

TEST(CanaryAnnotations, WhatIsReadFromThePrimaryOnlyIsTold) {
  const ReadResult result = read({{"canary", "true"},
                                  {"canary-weight", "7"},
                                  {"auth-realm", "x"},
                                  {"enable-cors", "true"},
                                  {"load-balance", "ewma"}});

  ASSERT_THAT(result.diagnostics, SizeIs(1));
  EXPECT_EQ(lines(result), "info annotation-unread canary\n");
  EXPECT_THAT(result.diagnostics.front().text, HasSubstr("have no effect here: auth-realm, enable-cors"));
  EXPECT_EQ(outcome({{"canary", "true"}, {"canary-weight", "7"}}), "ok");
  EXPECT_EQ(outcome({{"canary", "false"}, {"enable-cors", "true"}}), "ok");
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
