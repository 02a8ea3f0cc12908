#include "weir/watch/election.h"

#include <gtest/gtest.h>

namespace weir::watch {
namespace {

using namespace std::chrono_literals;
using Move = Election::Move;

const Election::Clock::time_point kStart{1000s};

LeaseRecord held_by(const std::string& holder, const std::string& renewed = "t1", int seconds = 30) {
  return {holder, seconds, "t0", renewed, 4};
}

TEST(Election, AMissingLeaseIsCreated) {
  Election election("a", 30s);

  EXPECT_EQ(election.next(std::nullopt, kStart), Move::create);
  const LeaseRecord record = election.claim("now");
  EXPECT_EQ(record, (LeaseRecord{"a", 30, "now", "now", 0}));
}

TEST(Election, TheLeaseOfAnotherIsRespectedForItsDurationSinceItWasSeen) {
  Election election("a", 30s);

  EXPECT_EQ(election.next(held_by("b"), kStart), Move::wait);
  EXPECT_EQ(election.next(held_by("b"), kStart + 29s), Move::wait);
  EXPECT_EQ(election.next(held_by("b"), kStart + 30s), Move::update);
}

TEST(Election, ARenewalOfAnotherStartsTheDurationAnew) {
  Election election("a", 30s);
  election.next(held_by("b", "t1"), kStart);

  EXPECT_EQ(election.next(held_by("b", "t2"), kStart + 25s), Move::wait);
  EXPECT_EQ(election.next(held_by("b", "t2"), kStart + 54s), Move::wait);
  EXPECT_EQ(election.next(held_by("b", "t2"), kStart + 55s), Move::update);
}

TEST(Election, TheTimesInTheRecordDoNotMatter) {
  Election election("a", 30s);

  EXPECT_EQ(election.next(held_by("b", "1970-01-01T00:00:00.000000Z"), kStart), Move::wait);
  EXPECT_EQ(election.next(held_by("b", "no time at all"), kStart), Move::wait);
}

TEST(Election, ADurationThatIsNoneCountsAsTheOwnOne) {
  Election election("a", 30s);

  EXPECT_EQ(election.next(held_by("b", "t1", 0), kStart), Move::wait);
  EXPECT_EQ(election.next(held_by("b", "t1", 0), kStart + 30s), Move::update);
}

TEST(Election, AReleasedLeaseIsTakenAtOnceAndCountedAsATransition) {
  Election election("a", 30s);

  EXPECT_EQ(election.next(held_by(""), kStart), Move::update);
  EXPECT_EQ(election.claim("now"), (LeaseRecord{"a", 30, "now", "now", 5}));
}

TEST(Election, ARenewalKeepsTheTimeOfAcquiringAndTheTransitions) {
  Election election("a", 30s);
  election.next(held_by("a"), kStart);

  EXPECT_EQ(election.claim("now"), (LeaseRecord{"a", 30, "t0", "now", 4}));
}

TEST(Election, LeadershipEndsHalfADurationAfterTheLastWriteWasSent) {
  Election election("a", 30s);
  EXPECT_FALSE(election.leads(kStart));
  election.next(std::nullopt, kStart);

  election.written(election.claim("now"), kStart);

  EXPECT_TRUE(election.leads(kStart + 14999ms));
  EXPECT_FALSE(election.leads(kStart + 15s));
}

TEST(Election, WhoFindsAnotherInTheLeaseNoLongerLeads) {
  Election election("a", 30s);
  election.written(election.claim("now"), kStart);

  EXPECT_EQ(election.next(held_by("b"), kStart + 1s), Move::wait);
  EXPECT_FALSE(election.leads(kStart + 1s));
  EXPECT_EQ(election.leader(), "b");
}

TEST(Election, WhoeverRestartsUnderTheSameNameContinues) {
  Election election("a", 30s);

  EXPECT_EQ(election.next(held_by("a"), kStart), Move::update);
  EXPECT_FALSE(election.leads(kStart));  // not before it is written
}

TEST(Election, TheLeaderRenewsEveryQuarterAndOthersJitter) {
  Election election("a", 30s);
  EXPECT_EQ(election.pause(0, kStart), 7500ms);
  EXPECT_EQ(election.pause(1, kStart), 16500ms);

  election.written(election.claim("now"), kStart);

  EXPECT_EQ(election.pause(1, kStart + 1s), 7500ms);
}

TEST(Election, AReleaseLeavesNoHolderAndASecond) {
  Election election("a", 30s);
  election.next(held_by("a"), kStart);
  election.written(election.claim("now"), kStart);

  EXPECT_EQ(election.release("end"), (LeaseRecord{"", 1, "end", "end", 4}));
  election.released();
  EXPECT_FALSE(election.leads(kStart + 1s));
}

// Two instances whose requests arrive, are lost or are late, with one server: at no moment do both lead.
TEST(Election, TwoNeverLeadAtOnce) {
  std::optional<LeaseRecord> server;
  Election a("a", 8s), b("b", 8s);
  unsigned random = 12345;
  const auto next = [&random](unsigned limit) { return (random = random * 1664525 + 1013904223) / 65536 % limit; };
  int led_a = 0, led_b = 0;
  for (int step = 0; step < 100000; ++step) {
    const auto now = kStart + step * 100ms;
    Election& one = next(2) == 0 ? a : b;
    // A stretch in which this one cannot reach the server.
    const bool cut = (step / 200 + (&one == &a ? 0 : 1)) % 3 == 0;
    if (!cut && next(10) == 0) {
      const Move move = one.next(server, now);
      if (move != Move::wait) {
        const LeaseRecord record = one.claim(std::to_string(step));
        server = record;
        if (next(4) != 0) one.written(record, now);  // else the answer is lost
      }
    }
    ASSERT_FALSE(a.leads(now) && b.leads(now)) << "step " << step;
    led_a += a.leads(now);
    led_b += b.leads(now);
  }
  EXPECT_GT(led_a, 1000);
  EXPECT_GT(led_b, 1000);
}

}  // namespace
}  // namespace weir::watch
