#include "weir/watch/event_queue.h"

#include <gtest/gtest.h>

namespace weir::watch {
namespace {

using namespace std::chrono_literals;

const EventQueue::Clock::time_point kBegin{1000s};

Event about(const std::string& name, const std::string& reason, const std::string& message) {
  return {{"Ingress", "n", name}, "uid-" + name, "1", true, reason, message};
}

class EventQueueTest : public testing::Test {
 protected:
  void offer(Event event, EventQueue::Clock::time_point at) { queue.offer(std::move(event), at, stamp(at)); }
  static std::chrono::microseconds stamp(EventQueue::Clock::time_point at) {
    return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch());
  }
  // Takes and confirms everything that is due; messages with counts, "+" for a change of an Event that is there.
  std::string drain(EventQueue::Clock::time_point at) {
    std::string text;
    while (auto write = queue.take(at)) {
      text += (write->existing.empty() ? "" : "+") + write->event.message + "x" + std::to_string(write->count) + " ";
      queue.written(*write, write->existing.empty() ? "name" + std::to_string(++names) : write->existing);
    }
    return text;
  }

  EventQueue queue;
  int names = 0;
};

TEST_F(EventQueueTest, TheFirstOneIsDueAtOnce) {
  offer(about("web", "Rejected", "a"), kBegin);

  EXPECT_EQ(queue.next_due(), kBegin);
  EXPECT_EQ(drain(kBegin), "ax1 ");
  EXPECT_TRUE(queue.empty());
}

TEST_F(EventQueueTest, OneObjectAndReasonGetsOneWriteAMinute) {
  offer(about("web", "Rejected", "a"), kBegin);
  drain(kBegin);
  for (int i = 1; i <= 50; ++i) offer(about("web", "Rejected", "a"), kBegin + i * 1s);

  EXPECT_EQ(drain(kBegin + 59s), "");
  EXPECT_EQ(queue.next_due(), kBegin + 60s);
  EXPECT_EQ(drain(kBegin + 60s), "+ax51 ");
}

TEST_F(EventQueueTest, OfDifferentMessagesTheNewestIsWrittenAsANewEvent) {
  offer(about("web", "Rejected", "a"), kBegin);
  drain(kBegin);
  offer(about("web", "Rejected", "b"), kBegin + 1s);
  offer(about("web", "Rejected", "c"), kBegin + 2s);
  offer(about("web", "Rejected", "c"), kBegin + 3s);

  EXPECT_EQ(drain(kBegin + 60s), "cx2 ");
}

TEST_F(EventQueueTest, OtherReasonsAndObjectsDoNotWait) {
  offer(about("web", "Rejected", "a"), kBegin);
  offer(about("web", "Sync", "s"), kBegin);
  offer(about("shop", "Rejected", "b"), kBegin);

  EXPECT_EQ(drain(kBegin), "ax1 sx1 bx1 ");
}

TEST_F(EventQueueTest, WhatIsOfferedDuringARequestIsNotLost) {
  offer(about("web", "Rejected", "a"), kBegin);
  const auto write = queue.take(kBegin);
  offer(about("web", "Rejected", "b"), kBegin + 1s);
  EXPECT_FALSE(queue.take(kBegin + 1s));

  queue.written(*write, "name");

  EXPECT_EQ(drain(kBegin + 60s), "bx1 ");
}

TEST_F(EventQueueTest, ARecreatedObjectGetsANewEvent) {
  offer(about("web", "Rejected", "a"), kBegin);
  drain(kBegin);
  Event again = about("web", "Rejected", "a");
  again.uid = "another";
  offer(again, kBegin + 61s);

  EXPECT_EQ(drain(kBegin + 61s), "ax1 ");
}

TEST_F(EventQueueTest, AnEventThatTheServerMayHaveDroppedIsWrittenAnew) {
  offer(about("web", "Rejected", "a"), kBegin);
  drain(kBegin);
  offer(about("web", "Rejected", "a"), kBegin + 51min);

  EXPECT_EQ(drain(kBegin + 51min), "ax1 ");
}

TEST_F(EventQueueTest, AnEventThatIsGoneIsWrittenAnewAtOnce) {
  offer(about("web", "Rejected", "a"), kBegin);
  drain(kBegin);
  offer(about("web", "Rejected", "a"), kBegin + 61s);
  const auto write = queue.take(kBegin + 61s);
  ASSERT_EQ(write->existing, "name1");

  queue.lost(*write, EventQueue::Loss::gone);

  EXPECT_EQ(drain(kBegin + 61s), "ax2 ");
}

TEST_F(EventQueueTest, ARefusedEventIsDropped) {
  offer(about("web", "Rejected", "a"), kBegin);
  queue.lost(*queue.take(kBegin), EventQueue::Loss::refused);

  EXPECT_TRUE(queue.empty());
}

TEST_F(EventQueueTest, WhatGotNoAnswerIsDueAgain) {
  offer(about("web", "Rejected", "a"), kBegin);
  queue.lost(*queue.take(kBegin), EventQueue::Loss::unanswered);
  EXPECT_EQ(drain(kBegin), "ax1 ");
  offer(about("web", "Rejected", "a"), kBegin + 61s);
  queue.lost(*queue.take(kBegin + 61s), EventQueue::Loss::unanswered);

  EXPECT_EQ(drain(kBegin + 61s), "+ax2 ");
}

TEST_F(EventQueueTest, ANewerMessageReplacesOneThatGotNoAnswer) {
  offer(about("web", "Rejected", "a"), kBegin);
  const auto write = queue.take(kBegin);
  offer(about("web", "Rejected", "b"), kBegin + 1s);
  queue.lost(*write, EventQueue::Loss::unanswered);

  EXPECT_EQ(drain(kBegin + 1s), "bx1 ");
}

TEST_F(EventQueueTest, ABurstIsFollowedBy25ASecond) {
  for (int i = 0; i < 1000; ++i) offer(about("web" + std::to_string(i), "Sync", "s"), kBegin);
  const auto taken = [this](EventQueue::Clock::time_point at) {
    int count = 0;
    while (queue.take(at)) ++count;
    return count;
  };

  EXPECT_EQ(taken(kBegin), 200);
  EXPECT_EQ(taken(kBegin + 1s), 25);
  EXPECT_EQ(queue.next_due(), kBegin + 1040ms);
  EXPECT_EQ(taken(kBegin + 3s), 50);
}

TEST_F(EventQueueTest, BeyondItsBoundNewOnesAreDroppedAndCounted) {
  for (std::size_t i = 0; i < EventQueue::kMaxSlots + 3; ++i) offer(about(std::to_string(i), "Sync", "s"), kBegin);

  EXPECT_EQ(queue.dropped(), 3u);
}

TEST_F(EventQueueTest, MessagesAreCutBetweenCharacters) {
  offer(about("web", "Rejected", std::string(1023, 'x') + "\xC3\xA4"), kBegin);

  EXPECT_EQ(queue.take(kBegin)->event.message, std::string(1023, 'x'));
}

}  // namespace
}  // namespace weir::watch
