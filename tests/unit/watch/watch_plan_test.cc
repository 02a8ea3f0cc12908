#include "watch/watch_plan.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::watch {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const Clock::time_point kStart = Clock::time_point() + 24h;

// A plan that knows everything at version 10.
WatchPlan synced_plan() {
  WatchPlan plan(kServices, {});
  plan.all_sent("10");
  return plan;
}

TEST(WatchBackoff, BeginsAt800MillisecondsAndDoublesTo30SecondsWithAsMuchAgainAtRandom) {
  WatchBackoff backoff;
  EXPECT_EQ(backoff.next(kStart, 0), 800ms);
  EXPECT_EQ(backoff.next(kStart, 0), 1600ms);
  EXPECT_EQ(backoff.next(kStart, 0.5), 4800ms);
  EXPECT_EQ(backoff.next(kStart, 0), 6400ms);
  EXPECT_EQ(backoff.next(kStart, 0), 12800ms);
  EXPECT_EQ(backoff.next(kStart, 0), 25600ms);
  EXPECT_EQ(backoff.next(kStart, 0), 30000ms);
  EXPECT_EQ(backoff.next(kStart, 0.999), 59970ms);
}

TEST(WatchBackoff, BeginsAgainAfterTwoHealthyMinutes) {
  WatchBackoff backoff;
  backoff.next(kStart, 0);
  EXPECT_EQ(backoff.next(kStart + 2min, 0), 1600ms);
  EXPECT_EQ(backoff.next(kStart + 2min + 1600ms + 2min + 1ms, 0), 800ms);
}

TEST(WatchPlan, ADeadServerIsAskedLessThanOnceInFourSecondsByAllKindsTogether) {
  constexpr int kKinds = 9;
  WatchPlan plan(kServices, {});
  auto now = kStart;
  for (int i = 0; i < 7; ++i) now += plan.failed(now, 0.5);  // the first minutes ask more often
  const auto begin = now;
  for (int i = 0; i < 100; ++i) now += plan.failed(now, 0.5);

  const double per_second = 100.0 / std::chrono::duration<double>(now - begin).count() * kKinds;

  EXPECT_LE(per_second, 0.25);
}

TEST(WatchPlan, AWatchLastsBetweenFiveAndTenMinutes) {
  EXPECT_EQ(synced_plan().next(0).length, 300s);
  EXPECT_EQ(synced_plan().next(0.9999).length, 599s);
}

TEST(WatchPlan, ANormalEndIsFollowedByAWatchFromTheLastVersionAtOnce) {
  WatchPlan plan = synced_plan();
  plan.seen("17");

  EXPECT_EQ(plan.ended(400s, 0, kStart, 0), 0ms);

  EXPECT_EQ(plan.next(0).step, WatchPlan::Step::watch);
  EXPECT_EQ(plan.resource_version(), "17");
}

TEST(WatchPlan, AVersionIsOpaqueText) {
  WatchPlan plan = synced_plan();
  plan.seen("a&b=1");

  EXPECT_NE(plan.next(0).path.find("&resourceVersion=a%26b%3D1"), std::string::npos);
}

TEST(WatchPlan, TheServerChoosesThePauseTenTimesInARowAndThenNoShorterThanOurs) {
  WatchPlan plan = synced_plan();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(plan.refused(429, "TooManyRequests", "", 1s, false, kStart, 0), 1s);

  EXPECT_EQ(plan.refused(429, "TooManyRequests", "", 1s, false, kStart, 0), 30s);
  EXPECT_FALSE(plan.needs_everything());
}

TEST(WatchPlan, InternalErrorsForTwoMinutesLeadToANewList) {
  WatchPlan plan = synced_plan();
  plan.refused(500, "InternalError", "", 0s, true, kStart, 0);
  plan.refused(500, "InternalError", "", 0s, true, kStart + 1min, 0);
  EXPECT_FALSE(plan.needs_everything());

  plan.refused(500, "InternalError", "", 0s, true, kStart + 121s, 0);

  EXPECT_TRUE(plan.needs_everything());
}

TEST(WatchPlan, AnExpiredVersionOfTheNewestListIsAFailureAndNotAskedForAtOnce) {
  WatchPlan plan(kServices, {});

  EXPECT_GT(plan.refused(410, "Expired", "", 0s, false, kStart, 0), 0ms);
}

TEST(WatchPlan, AFailureBetweenPagesGoesOnWithTheSamePage) {
  WatchPlan plan(kServices, {});
  plan.refused(400, "BadRequest", "", 0s, false, kStart, 0);
  EXPECT_FALSE(plan.page("7", "next"));

  plan.failed(kStart, 0);

  EXPECT_FALSE(plan.at_the_beginning());
  EXPECT_NE(plan.next(0).path.find("continue=next"), std::string::npos);
}

TEST(WatchPlan, SelectorsAndNamespaceArePartOfEveryRequest) {
  WatchPlan plan(kSecrets, {"a b", "type!=x", "l=1"});
  const std::string end = "&fieldSelector=type%21%3Dx&labelSelector=l%3D1";

  EXPECT_TRUE(plan.next(0).path.starts_with("/api/v1/namespaces/a%20b/secrets?"));
  EXPECT_TRUE(plan.next(0).path.ends_with(end));
  plan.refused(400, "BadRequest", "", 0s, false, kStart, 0);
  EXPECT_TRUE(plan.next(0).path.ends_with(end));
  plan.all_sent("1");
  EXPECT_TRUE(plan.next(0).path.ends_with(end));
}

}  // namespace
}  // namespace weir::watch
