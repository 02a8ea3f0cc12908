#include "weir/proxy/limit_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;
using Kind = LimitTable::Kind;

TEST(LimitTable, ABurstPassesAtOnceAndThenOneRequestPerPeriod) {
  LimitTable table(64);
  const auto key = table.key_of(Kind::rps, "ns", "web", "a");
  int passed = 0;
  for (int i = 0; i < 20; ++i) passed += table.take_at(key, 100ms, 5, 1000s);

  EXPECT_EQ(passed, 6);  // burst + 1
  EXPECT_FALSE(table.take_at(key, 100ms, 5, 1000s + 99ms));
  EXPECT_TRUE(table.take_at(key, 100ms, 5, 1000s + 100ms));
  EXPECT_FALSE(table.take_at(key, 100ms, 5, 1000s + 199ms));
  EXPECT_TRUE(table.take_at(key, 100ms, 5, 1000s + 200ms));
}

TEST(LimitTable, AnIdleBucketIsEmptyAgain) {
  LimitTable table(64);
  const auto key = table.key_of(Kind::rps, "ns", "web", "a");
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(table.take_at(key, 100ms, 5, 1000s));
  int passed = 0;
  for (int i = 0; i < 20; ++i) passed += table.take_at(key, 100ms, 5, 2000s);

  EXPECT_EQ(passed, 6);
}

TEST(LimitTable, WhatIsGivenBackCanBeTakenAgain) {
  LimitTable table(64);
  const auto key = table.key_of(Kind::rps, "ns", "web", "a");
  EXPECT_TRUE(table.take_at(key, 1s, 0, 1000s));
  EXPECT_FALSE(table.take_at(key, 1s, 0, 1000s));
  table.give_back(key, 1s);

  EXPECT_TRUE(table.take_at(key, 1s, 0, 1000s));
}

TEST(LimitTable, ClientsIngressesAndKindsAreCountedApart) {
  LimitTable table(64);
  const LimitTable::Key keys[] = {
      table.key_of(Kind::rps, "ns", "web", "a"),         table.key_of(Kind::rpm, "ns", "web", "a"),
      table.key_of(Kind::connections, "ns", "web", "a"), table.key_of(Kind::rps, "ns", "web", "b"),
      table.key_of(Kind::rps, "ns", "api", "a"),         table.key_of(Kind::rps, "nsw", "eb", "a")};
  for (std::size_t i = 0; i < std::size(keys); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(keys[i], keys[j]) << i << ' ' << j;
  }
  EXPECT_EQ(table.key_of(Kind::rps, "ns", "web", "a"), keys[0]);
  LimitTable other(64);
  EXPECT_NE(other.key_of(Kind::rps, "ns", "web", "a"), keys[0]) << "the secret is the table's own";
}

TEST(LimitTable, ConcurrentRequestsEnterUpToTheLimitAndLeave) {
  LimitTable table(64);
  const auto key = table.key_of(Kind::connections, "ns", "web", "a");
  EXPECT_TRUE(table.enter(key, 2));
  EXPECT_TRUE(table.enter(key, 2));
  EXPECT_FALSE(table.enter(key, 2));
  {
    LimitHold hold(table, key);
    LimitHold moved = std::move(hold);
  }
  EXPECT_TRUE(table.enter(key, 2));
  EXPECT_FALSE(table.enter(key, 2));
}

TEST(LimitTable, MemoryIsBoundedHoweverManyClientsCome) {
  LimitTable table(4);  // 28 entries
  const auto first = table.key_of(Kind::rps, "ns", "web", "first");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(table.take_at(first, 1h, 4, 1000s));
  EXPECT_FALSE(table.take_at(first, 1h, 4, 1000s));
  // Others that are nearer to being unused make room, the one that has used the most stays.
  for (int i = 0; i < 10000; ++i) {
    EXPECT_TRUE(table.take_at(table.key_of(Kind::rps, "ns", "web", std::to_string(i)), 1s, 4, 1000s));
  }
  EXPECT_FALSE(table.take_at(first, 1h, 4, 1000s));
}

TEST(LimitTable, ConcurrentRequestsAreNeverForgotten) {
  LimitTable table(1);
  std::vector<LimitTable::Key> keys;
  for (int i = 0; i < 7; ++i) keys.push_back(table.key_of(Kind::connections, "ns", "web", std::to_string(i)));
  for (const auto key : keys) EXPECT_TRUE(table.enter(key, 1));
  EXPECT_FALSE(table.enter(table.key_of(Kind::connections, "ns", "web", "late"), 1)) << "no room is over the limit";
  for (int i = 0; i < 100; ++i) table.take(table.key_of(Kind::rps, "ns", "web", std::to_string(i)), 1s, 1);
  for (const auto key : keys) EXPECT_FALSE(table.enter(key, 1));
  table.leave(keys[3]);
  EXPECT_TRUE(table.enter(table.key_of(Kind::connections, "ns", "web", "late"), 1));
}

TEST(LimitTable, ThreadsShareOneCount) {
  LimitTable table(64);
  const auto rate = table.key_of(Kind::rps, "ns", "web", "a");
  const auto connections = table.key_of(Kind::connections, "ns", "web", "a");
  // Ahead of the real clock, which enter() reads: a leaky bucket of the past may give its place away.
  const auto now = std::chrono::steady_clock::now().time_since_epoch() + 1h;
  std::atomic<int> passed{0};
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        passed += table.take_at(rate, 1s, 999, now);
        if (!table.enter(connections, 2)) continue;
        const int entered = ++inside;
        int before = most;
        while (entered > before && !most.compare_exchange_weak(before, entered)) {
        }
        --inside;
        table.leave(connections);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(passed, 1000);
  EXPECT_LE(most, 2);
  EXPECT_TRUE(table.enter(connections, 1)) << "all have left";
}

}  // namespace
}  // namespace weir::proxy
