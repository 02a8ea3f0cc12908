#include "weir/net/task.h"

#include "loop.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace weir::net {
namespace {

// Suspends until the test resumes it.
struct Gate {
  std::coroutine_handle<> waiter;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiter = handle; }
  void await_resume() const noexcept {}
  void open() { std::exchange(waiter, {}).resume(); }
};

struct Witness {
  explicit Witness(int& count) : count_(&count) { ++*count_; }
  Witness(const Witness&) = delete;
  ~Witness() { --*count_; }
  int* count_;
};

Task<int> ready(int value) {
  co_return value;
}
Task<int> after(Gate& gate, int value) {
  co_await gate;
  co_return value;
}
Task<> fails() {
  throw std::runtime_error("no luck");
  co_return;
}
MaybeTask<int> maybe(Gate* gate, int value) {
  if (!gate) return value;
  return after(*gate, value);
}

Job sum(JobGroup&, Gate& gate, int& out) {
  const int a = co_await ready(1);
  const int b = co_await after(gate, 20);
  const int c = co_await maybe(nullptr, 300);
  const int d = co_await maybe(&gate, 4000);
  out = a + b + c + d;
}

TEST(Task, ValuesComeBackThroughReadyAndSuspendedChildren) {
  JobGroup group;
  Gate gate;
  int out = 0;

  sum(group, gate, out);
  gate.open();
  gate.open();

  EXPECT_EQ(out, 4321);
  EXPECT_TRUE(group.empty());
}

Job throws(JobGroup&) {
  co_await fails();
}
Job catches(JobGroup&, std::string& text) {
  try {
    co_await fails();
  } catch (const std::exception& e) {
    text = e.what();
  }
}

TEST(Task, AnExceptionReachesTheParent) {
  JobGroup group;
  std::string text;

  catches(group, text);

  EXPECT_EQ(text, "no luck");
  EXPECT_EQ(group.exceptions(), 0u);
}

TEST(Job, AnEscapedExceptionEndsOnlyThatJobAndIsCounted) {
  JobGroup group;

  throws(group);

  EXPECT_TRUE(group.empty());
  EXPECT_EQ(group.exceptions(), 1u);
  EXPECT_STREQ(group.last_exception(), "no luck");
}

Task<int> inner(Gate& gate, int& alive) {
  Witness witness(alive);
  co_await gate;
  co_return 1;
}
Job outer(JobGroup&, Gate& gate, int& alive) {
  Witness witness(alive);
  (void)co_await inner(gate, alive);
}

TEST(JobGroup, DestroyingUnwindsJobsAndTheChildrenTheyAwait) {
  JobGroup group;
  Gate gates[3];
  int alive = 0;
  for (Gate& gate : gates) outer(group, gate, alive);
  EXPECT_EQ(group.size(), 3u);
  EXPECT_EQ(alive, 6);

  group.destroy_all();

  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(group.empty());
}

TEST(JobGroup, DestroysItsJobsAtItsEnd) {
  int alive = 0;
  Gate gate;
  {
    JobGroup group;
    outer(group, gate, alive);
  }
  EXPECT_EQ(alive, 0);
}

struct Session {
  int steps = 0;
  Job run(JobGroup&, Gate& gate) {
    ++steps;
    co_await gate;
    ++steps;
  }
};

TEST(Job, MayBeAMemberFunction) {
  JobGroup group;
  Gate gate;
  Session session;

  session.run(group, gate);
  EXPECT_EQ(group.size(), 1u);
  gate.open();

  EXPECT_EQ(session.steps, 2);
  EXPECT_TRUE(group.empty());
}

Job many(JobGroup&, int count, std::uint64_t& sum_of_all) {
  for (int i = 0; i < count; ++i) {
    const int n = co_await ready(i);
    sum_of_all += static_cast<std::uint64_t>(n);
  }
}

// Lazy tasks would need a tail call here, which builds without optimisation and sanitizer builds do not make.
TEST(Task, ManyReadyChildrenDoNotDeepenTheStack) {
  JobGroup group;
  std::uint64_t total = 0;

  many(group, 200000, total);

  EXPECT_EQ(total, 19999900000u);
}

Task<int> count_up(Gate& gate, int& value) {
  co_await gate;
  co_return ++value;
}
Job both(JobGroup&, Gate& a, Gate& b, int& value, bool& done) {
  Task<int> first = count_up(a, value);
  Task<int> second = count_up(b, value);
  (void)co_await first;
  (void)co_await second;
  done = true;
}

TEST(Task, TwoChildrenRunAtTheSameTime) {
  JobGroup group;
  Gate a, b;
  int value = 0;
  bool done = false;
  both(group, a, b, value, done);

  b.open();
  EXPECT_EQ(value, 1);
  EXPECT_FALSE(done);
  a.open();

  EXPECT_TRUE(done);
}

TEST(FrameSlab, MemoryIsAlignedAndDistinctForAllSizes) {
  std::vector<std::pair<char*, std::size_t>> all;
  for (std::size_t size : {1u, 63u, 64u, 65u, 200u, 4096u, 4160u, 4161u, 100000u}) {
    for (int i = 0; i < 40; ++i) {
      auto* p = static_cast<char*>(allocate_frame(size));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(p) % 64, 0u);
      std::memset(p, static_cast<int>(all.size()), size);
      all.emplace_back(p, size);
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].first[0], static_cast<char>(i));
    EXPECT_EQ(all[i].first[all[i].second - 1], static_cast<char>(i));
    free_frame(all[i].first, all[i].second);
  }
}

}  // namespace
}  // namespace weir::net
