#include "weir/kube/timestamp.h"

#include <gtest/gtest.h>

namespace weir::kube {
namespace {

TEST(Timestamp, ReadsRfc3339) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("2018-09-20T06:47:27Z"), 1537426047);
  EXPECT_EQ(parse_rfc3339("2018-09-20T08:47:27.123456+02:00"), 1537426047);
  EXPECT_EQ(parse_rfc3339("2018-09-19t23:17:27-07:30"), 1537426047);
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z"), 1709164800);
  EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59Z"), 253402300799);
}

TEST(Timestamp, RefusesWhatNamesNoMoment) {
  for (auto bad :
       {"", "2018-09-20", "2018-09-20 06:47:27Z", "2018-09-20T06:47:27", "2018-09-20T06:47Z", "2023-02-29T00:00:00Z",
        "2018-13-01T00:00:00Z", "2018-00-01T00:00:00Z", "2018-01-01T24:00:00Z", "2018-01-01T00:60:00Z",
        "2018-01-01T00:00:00.Z", "2018-01-01T00:00:00+0200", "2018-01-01T00:00:00Zx", "18-01-01T00:00:00Z"}) {
    EXPECT_EQ(parse_rfc3339(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace weir::kube
