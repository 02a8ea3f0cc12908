#include "weir/net/timer_wheel.h"

#include "loop.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace weir::net {
namespace {

// The wheel never looks into the Sock.
struct Fixture : testing::Test {
  test::Loop loop;
  SockPtr sock = loop.adopt(test::tcp_pair().first);
  TimerWheel wheel{1000};
  ListNode due;

  std::unique_ptr<Timer> timer() { return std::make_unique<Timer>(*sock, false); }
  std::vector<Timer*> collect(std::uint64_t now) {
    wheel.collect_due(now, due);
    std::vector<Timer*> all;
    while (!due.alone()) {
      all.push_back(static_cast<Timer*>(due.next));
      due.next->unlink();
    }
    return all;
  }
};
using TimerWheelTest = Fixture;

TEST_F(TimerWheelTest, IsNeverEarlyAndAtMostOneTickLate) {
  for (std::uint32_t after : {0u, 1u, 99u, 100u, 101u, 250u, 102300u, 102400u, 300000u}) {
    TimerWheel fresh{1000};
    Timer one(*sock, false);
    fresh.arm(one, after, 1000);

    std::uint64_t now = 1000;
    while (due.alone()) fresh.collect_due(++now, due);

    EXPECT_GE(now, 1000u + after);
    EXPECT_LE(now, 1000u + after + TimerWheel::kTickMs);
    one.unlink();
  }
}

TEST_F(TimerWheelTest, EarlierDeadlinesComeFirst) {
  auto late = timer(), early = timer();
  wheel.arm(*late, 900, 1000);
  wheel.arm(*early, 200, 1000);

  EXPECT_EQ(collect(5000), (std::vector<Timer*>{early.get(), late.get()}));
}

TEST_F(TimerWheelTest, ASleepOfManyTurnsMissesNothing) {
  auto one = timer(), two = timer();
  wheel.arm(*one, 50, 1000);
  wheel.arm(*two, 500000, 1000);

  EXPECT_EQ(collect(10000000).size(), 2u);
}

TEST_F(TimerWheelTest, RearmingMovesTheDeadline) {
  auto one = timer();
  wheel.arm(*one, 200, 1000);
  wheel.arm(*one, 2000, 1000);

  EXPECT_TRUE(collect(2900).empty());
  EXPECT_EQ(collect(3100).size(), 1u);
}

TEST_F(TimerWheelTest, ADestroyedTimerIsForgotten) {
  auto one = timer();
  wheel.arm(*one, 200, 1000);
  one.reset();

  EXPECT_TRUE(collect(9000).empty());
}

TEST_F(TimerWheelTest, ForeverIsNeverDueButFoundByADrain) {
  auto busy = timer(), idle = timer(), idle_for_ever = timer();
  idle->idle = idle_for_ever->idle = true;
  wheel.arm(*busy, 60000, 1000);
  wheel.arm(*idle, 60000, 1000);
  wheel.arm(*idle_for_ever, TimerWheel::kForever, 1000);

  ListNode found;
  wheel.collect_idle(found);
  int count = 0;
  for (ListNode* node = found.next; node != &found; node = node->next) {
    EXPECT_TRUE(static_cast<Timer*>(node)->idle);
    ++count;
  }
  EXPECT_EQ(count, 2);
  idle->unlink();
  idle_for_ever->unlink();
  EXPECT_EQ(collect(99999999), (std::vector<Timer*>{busy.get()}));
}

}  // namespace
}  // namespace weir::net
