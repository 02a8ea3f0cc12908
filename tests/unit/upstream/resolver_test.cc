#include "weir/upstream/resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace weir::upstream {
namespace {

// Stands for a worker's loop: what is posted runs when the test says so, on the test's thread.
class Mailbox {
 public:
  PostToWorker post() {
    return [this](std::function<void()> function) {
      std::lock_guard lock(mutex_);
      queue_.push_back(std::move(function));
      changed_.notify_all();
    };
  }
  void run_one() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !queue_.empty(); });
    std::function<void()> next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    next();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
};

struct Answer {
  bool done = false;
  AddressList addresses;
};

net::Job ask(net::JobGroup&, Resolver& resolver, const std::string& name, const PostToWorker& post, Answer& out) {
  out.addresses = co_await resolver.resolve(name, post);
  out.done = true;
}

const std::string kName = "db.example";

TEST(Resolver, TheFirstQuestionWaitsForTheLookup) {
  Resolver resolver([](const std::string&) { return std::vector<base::IpAddress>{*base::parse_ip("10.0.0.1")}; });
  Mailbox worker;
  const PostToWorker post = worker.post();
  net::JobGroup jobs;
  Answer answer;

  ask(jobs, resolver, kName, post, answer);
  EXPECT_FALSE(answer.done);
  worker.run_one();

  ASSERT_TRUE(answer.done);
  ASSERT_EQ(answer.addresses->size(), 1u);
  EXPECT_EQ(answer.addresses->front().to_string(), "10.0.0.1");
}

TEST(Resolver, AKnownNameIsAnsweredAtOnce) {
  std::atomic<int> lookups{0};
  Resolver resolver([&](const std::string&) {
    ++lookups;
    return std::vector<base::IpAddress>{*base::parse_ip("10.0.0.1")};
  });
  Mailbox worker;
  const PostToWorker post = worker.post();
  net::JobGroup jobs;
  Answer first;
  Answer second;

  ask(jobs, resolver, kName, post, first);
  worker.run_one();
  ask(jobs, resolver, kName, post, second);

  EXPECT_TRUE(second.done);
  EXPECT_EQ(lookups, 1);
}

TEST(Resolver, QuestionsThatComeTogetherNeedOneLookup) {
  std::atomic<int> lookups{0};
  Resolver resolver([&](const std::string&) {
    ++lookups;
    return std::vector<base::IpAddress>{*base::parse_ip("10.0.0.1")};
  });
  Mailbox worker;
  const PostToWorker post = worker.post();
  net::JobGroup jobs;
  Answer first;
  Answer second;

  ask(jobs, resolver, kName, post, first);
  ask(jobs, resolver, kName, post, second);
  worker.run_one();
  worker.run_one();

  EXPECT_TRUE(first.done && second.done);
  EXPECT_EQ(second.addresses->size(), 1u);
  EXPECT_EQ(lookups, 1);
}

TEST(Resolver, AFailureIsRememberedForAMoment) {
  std::atomic<int> lookups{0};
  Resolver resolver([&](const std::string&) {
    ++lookups;
    return std::vector<base::IpAddress>{};
  });
  Mailbox worker;
  const PostToWorker post = worker.post();
  net::JobGroup jobs;
  Answer first;
  Answer second;

  ask(jobs, resolver, kName, post, first);
  worker.run_one();
  ask(jobs, resolver, kName, post, second);

  ASSERT_TRUE(first.done && second.done);
  EXPECT_FALSE(first.addresses);
  EXPECT_FALSE(second.addresses);
  EXPECT_EQ(lookups, 1);
}

TEST(Resolver, ADestroyedWaiterIsNotResumed) {
  Resolver resolver([](const std::string&) { return std::vector<base::IpAddress>{*base::parse_ip("10.0.0.1")}; });
  Mailbox worker;
  const PostToWorker post = worker.post();
  net::JobGroup jobs;
  Answer answer;

  ask(jobs, resolver, kName, post, answer);
  jobs.destroy_all();
  worker.run_one();

  EXPECT_FALSE(answer.done);
}

// A numeric IPv6 address needs no server, but is one only IPv6 look-ups give.
TEST(Resolver, DisableIpv6DnsAsksForIpv4Only) {
  const std::string name = "::1";
  Resolver resolver;
  resolver.set_ipv4_only(true);
  Mailbox worker;
  const PostToWorker post = worker.post();
  net::JobGroup jobs;
  Answer without;
  ask(jobs, resolver, name, post, without);
  worker.run_one();
  ASSERT_TRUE(without.done);
  EXPECT_TRUE(!without.addresses || without.addresses->empty());

  Resolver both;
  Answer with;
  ask(jobs, both, name, post, with);
  worker.run_one();
  ASSERT_TRUE(with.done);
  ASSERT_TRUE(with.addresses);
  EXPECT_EQ(*with.addresses, std::vector<base::IpAddress>{*base::parse_ip("::1")});
}

}  // namespace
}  // namespace weir::upstream
