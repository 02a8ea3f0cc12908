#include "weir/base/duration.h"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

TEST(Duration, PlainNumbersAreSeconds) {
  EXPECT_EQ(parse_duration("0"), 0ms);
  EXPECT_EQ(parse_duration("60"), 60s);
}

TEST(Duration, UnitsAreNginxs) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("5s"), 5s);
  EXPECT_EQ(parse_duration("10m"), 10min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("1d"), 24h);
  EXPECT_EQ(parse_duration("1w"), 24h * 7);
  EXPECT_EQ(parse_duration("1M"), 24h * 30);
  EXPECT_EQ(parse_duration("1y"), 24h * 365);
}

TEST(Duration, PartsComeLargestFirstAndOnce) {
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("1h 30m 10"), 90min + 10s);
  EXPECT_EQ(parse_duration("1s500ms"), 1500ms);
  for (auto bad : {"30m1h", "1h1h", "5s5", "10ms5s"}) EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
}

TEST(Duration, AnythingElseIsNoDuration) {
  for (auto bad : {"", " ", "s", "-1", "+1", "1.5s", "1 s", "1x", "5us", " 5s", "5s\n", "1hm"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(Duration, HugeValuesAreCut) {
  EXPECT_EQ(parse_duration("99999999999999999999999y"), kMaxDuration);
  EXPECT_EQ(parse_duration("99y 99999999999M 1s"), kMaxDuration);
}

TEST(Duration, TextUsesTheLargestEvenUnit) {
  EXPECT_EQ(duration_text(0ms), "0s");
  EXPECT_EQ(duration_text(250ms), "250ms");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(10min), "10m");
  EXPECT_EQ(duration_text(2h), "2h");
}

}  // namespace
}  // namespace weir::base
