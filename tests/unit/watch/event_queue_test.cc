#include "weir/watch/event_queue.h"

#include <gtest/gtest.h>

namespace weir::watch {
namespace {

using namespace std::chrono_literals;

const EventQueue::Clock::time_point kFirst{1000s};

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
  offer(about("web", "Rejected", "a"), kFirst);

  EXPECT_EQ(queue.next_due(), kFirst);
  EXPECT_EQ(drain(kFirst), "ax1 ");
  EXPECT_TRUE(queue.empty());
}

TEST_F(EventQueueTest, OneObjectAndReasonGetsOneWriteAMinute) {
  offer(about("web", "Rejected", "a"), kFirst);
  drain(kFirst);
  for (int i = 1; i <= 50; ++i) offer(about("web", "Rejected", "a"), kFirst + i * 1s);

  EXPECT_EQ(drain(kFirst + 59s), "");
  EXPECT_EQ(queue.next_due(), kFirst + 60s);
  EXPECT_EQ(drain(kFirst + 60s), "+ax51 ");
}

TEST_F(EventQueueTest, OfDifferentMessagesTheNewestIsWrittenAsANewEvent) {
  offer(about("web", "Rejected", "a"), kFirst);
  drain(kFirst);
  offer(about("web", "Rejected", "b"), kFirst + 1s);
  offer(about("web", "Rejected", "c"), kFirst + 2s);
  offer(about("web", "Rejected", "c"), kFirst + 3s);

  EXPECT_EQ(drain(kFirst + 60s), "cx2 ");
}

TEST_F(EventQueueTest, OtherReasonsAndObjectsDoNotWait) {
  offer(about("web", "Rejected", "a"), kFirst);
  offer(about("web", "Sync", "s"), kFirst);
  offer(about("shop", "Rejected", "b"), kFirst);

  EXPECT_EQ(drain(kFirst), "ax1 sx1 bx1 ");
}

TEST_F(EventQueueTest, WhatIsOfferedDuringARequestIsNotLost) {
  offer(about("web", "Rejected", "a"), kFirst);
  const auto write = queue.take(kFirst);
  offer(about("web", "Rejected", "b"), kFirst + 1s);
  EXPECT_FALSE(queue.take(kFirst + 1s));

  queue.written(*write, "name");

  EXPECT_EQ(drain(kFirst + 60s), "bx1 ");
}

TEST_F(EventQueueTest, ARecreatedObjectGetsANewEvent) {
  offer(about("web", "Rejected", "a"), kFirst);
  drain(kFirst);
  Event again = about("web", "Rejected", "a");
  again.uid = "another";
  offer(again, kFirst + 61s);

  EXPECT_EQ(drain(kFirst + 61s), "ax1 ");
}

TEST_F(EventQueueTest, AnEventThatTheServerMayHaveDroppedIsWrittenAnew) {
  offer(about("web", "Rejected", "a"), kFirst);
  drain(kFirst);
  offer(about("web", "Rejected", "a"), kFirst + 51min);

  EXPECT_EQ(drain(kFirst + 51min), "ax1 ");
}

TEST_F(EventQueueTest, AnEventThatIsGoneIsWrittenAnewAtOnce) {
  offer(about("web", "Rejected", "a"), kFirst);
  drain(kFirst);
  offer(about("web", "Rejected", "a"), kFirst + 61s);
  const auto write = queue.take(kFirst + 61s);
  ASSERT_EQ(write->existing, "name1");

  queue.lost(*write, EventQueue::Loss::gone);

  EXPECT_EQ(drain(kFirst + 61s), "ax2 ");
}

TEST_F(EventQueueTest, ARefusedEventIsDropped) {
  offer(about("web", "Rejected", "a"), kFirst);
  queue.lost(*queue.take(kFirst), EventQueue::Loss::refused);

  EXPECT_TRUE(queue.empty());
}

TEST_F(EventQueueTest, WhatGotNoAnswerIsDueAgain) {
  offer(about("web", "Rejected", "a"), kFirst);
  queue.lost(*queue.take(kFirst), EventQueue::Loss::unanswered);
  EXPECT_EQ(drain(kFirst), "ax1 ");
  offer(about("web", "Rejected", "a"), kFirst + 61s);
  queue.lost(*queue.take(kFirst + 61s), EventQueue::Loss::unanswered);

  EXPECT_EQ(drain(kFirst + 61s), "+ax2 ");
}

TEST_F(EventQueueTest, ANewerMessageReplacesOneThatGotNoAnswer) {
  offer(about("web", "Rejected", "a"), kFirst);
  const auto write = queue.take(kFirst);
  offer(about("web", "Rejected", "b"), kFirst + 1s);
  queue.lost(*write, EventQueue::Loss::unanswered);

  EXPECT_EQ(drain(kFirst + 1s), "bx1 ");
}

TEST_F(EventQueueTest, ABurstIsFollowedBy25ASecond) {
  for (int i = 0; i < 1000; ++i) offer(about("web" + std::to_string(i), "Sync", "s"), kFirst);
  const auto taken = [this](EventQueue::Clock::time_point at) {
    int count = 0;
    while (queue.take(at)) ++count;
    return count;
  };

  EXPECT_EQ(taken(kFirst), 200);
  EXPECT_EQ(taken(kFirst + 1s), 25);
  EXPECT_EQ(queue.next_due(), kFirst + 1040ms);
  EXPECT_EQ(taken(kFirst + 3s), 50);
}

TEST_F(EventQueueTest, BeyondItsBoundNewOnesAreDroppedAndCounted) {
  for (std::size_t i = 0; i < EventQueue::kMaxSlots + 3; ++i) offer(about(std::to_string(i), "Sync", "s"), kFirst);

  EXPECT_EQ(queue.dropped(), 3u);
}

TEST_F(EventQueueTest, MessagesAreCutBetweenCharacters) {
  offer(about("web", "Rejected", std::string(1023, 'x') + "\xC3\xA4"), kFirst);

  EXPECT_EQ(queue.take(kFirst)->event.message, std::string(1023, 'x'));
}

}  // namespace
}  // namespace weir::watch
