#include "weir/upstream/failure.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace weir::upstream {
namespace {

TEST(Failure, EveryCodeHasAStatusASideAndAReasonOfItsOwn) {
  std::set<std::string> reasons;
  for (int i = 1; i < static_cast<int>(Failure::count); ++i) {
    const FailureInfo& one = info(static_cast<Failure>(i));
    EXPECT_GE(one.status, 400) << i;
    EXPECT_FALSE(one.reason.empty()) << i;
    EXPECT_TRUE(reasons.insert(std::string(one.reason)).second) << one.reason;
  }
}

TEST(Failure, TheTableIsInTheOrderOfTheCodes) {
  EXPECT_EQ(info(Failure::client_aborted).status, 499);
  EXPECT_EQ(info(Failure::no_default_backend).status, 404);
  EXPECT_EQ(info(Failure::draining).reason, "draining");
  EXPECT_EQ(info(Failure::connect_timeout).status, 504);
  EXPECT_EQ(info(Failure::truncated).side, Side::upstream);
}

}  // namespace
}  // namespace weir::upstream
