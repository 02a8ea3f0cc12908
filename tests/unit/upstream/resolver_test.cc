#include "weir/upstream/resolver.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

struct Answer {
  bool done = false;
  AddressList addresses;
  std::string text() const {
    std::string all = done ? "" : "waits";
    if (addresses) {
      for (const base::IpAddress& ip : *addresses) all += (all.empty() ? "" : " ") + ip.to_string();
    }
    return all;
  }
};

net::Job ask(net::JobGroup&, Resolver& resolver, const std::string& name, Answer& out) {
  out.addresses = co_await resolver.resolve(name);
  out.done = true;
}

const std::string kName = "db.example";

// A worker whose loop runs when the test says so, a clock that stands, and look-ups that the test answers.
class ResolverOfAWorker : public testing::Test {
 protected:
  std::string resolve(const std::string& name = kName) {
    answers.push_back(std::make_unique<Answer>());
    ask(jobs, *resolver, name, *answers.back());
    return answers.back()->text();
  }
  void answer(const std::vector<const char*>& addresses, std::chrono::seconds ttl) {
    DnsAnswer found;
    for (const char* address : addresses) found.addresses.push_back(*base::parse_ip(address));
    found.ttl = ttl;
    const DnsClient::Done done = std::move(asked.front().second);
    asked.pop_front();
    done(std::move(found));
    run_posted();
  }
  void run_posted() {
    while (!posted.empty()) {
      const auto next = std::move(posted.front());
      posted.pop_front();
      next();
    }
  }

  Resolver::Clock::time_point now{1000h};
  std::deque<std::function<void()>> posted;
  std::deque<std::pair<std::string, DnsClient::Done>> asked;
  std::vector<std::unique_ptr<Answer>> answers;
  std::unique_ptr<Resolver> resolver = std::make_unique<Resolver>(
      [this](const std::string& name, DnsClient::Done done) { asked.emplace_back(name, std::move(done)); },
      [this](std::function<void()> function) { posted.push_back(std::move(function)); }, [this] { return now; });
  net::JobGroup jobs;
};

TEST_F(ResolverOfAWorker, RequestsBeforeTheFirstAnswerWaitForItTogether) {
  EXPECT_EQ(resolve(), "waits");
  EXPECT_EQ(resolve(), "waits");
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked.front().first, kName);

  answer({"10.0.0.1", "10.0.0.2"}, 60s);

  EXPECT_EQ(answers[0]->text(), "10.0.0.1 10.0.0.2");
  EXPECT_EQ(answers[1]->text(), "10.0.0.1 10.0.0.2");
}

TEST_F(ResolverOfAWorker, AnAnswerIsUsedForItsTtlWithoutAsking) {
  resolve();
  answer({"10.0.0.1"}, 60s);

  now += 59s;
  EXPECT_EQ(resolve(), "10.0.0.1");
  EXPECT_TRUE(asked.empty());
}

TEST_F(ResolverOfAWorker, AfterItsTtlAnAnswerIsUsedOnceMoreWhileItIsLookedUpAgain) {
  resolve();
  answer({"10.0.0.1"}, 60s);

  now += 61s;
  EXPECT_EQ(resolve(), "10.0.0.1");
  EXPECT_EQ(resolve(), "10.0.0.1");
  ASSERT_EQ(asked.size(), 1u);
  answer({"10.0.0.9"}, 60s);

  EXPECT_EQ(resolve(), "10.0.0.9");
}

TEST_F(ResolverOfAWorker, WhileNoServerAnswersTheOldAddressesAreUsedForHalfAMinute) {
  resolve();
  answer({"10.0.0.1"}, 60s);

  now += 61s;
  resolve();
  answer({}, 0s);
  now += 28s;
  EXPECT_EQ(resolve(), "10.0.0.1");
  answer({}, 0s);
  now += 2s;
  EXPECT_EQ(resolve(), "waits");
  answer({}, 0s);
  EXPECT_EQ(answers.back()->text(), "");
}

TEST_F(ResolverOfAWorker, AFailureIsRememberedForASecond) {
  resolve();
  answer({}, 0s);

  EXPECT_EQ(resolve(), "");
  EXPECT_TRUE(asked.empty());
  now += 1s;
  EXPECT_EQ(resolve(), "waits");
  answer({"10.0.0.1"}, 60s);
  EXPECT_EQ(answers.back()->text(), "10.0.0.1");
}

TEST_F(ResolverOfAWorker, ATtlOfNothingIsASecondAndOneOfDaysIsAnHour) {
  resolve();
  answer({"10.0.0.1"}, 0s);
  now += 999ms;
  resolve();
  EXPECT_TRUE(asked.empty());
  now += 1ms;
  resolve();
  ASSERT_EQ(asked.size(), 1u);
  answer({"10.0.0.1"}, 100h);
  now += 3599s;
  resolve();
  EXPECT_TRUE(asked.empty());
  now += 1s;
  resolve();
  EXPECT_EQ(asked.size(), 1u);
}

TEST_F(ResolverOfAWorker, OneSilentNameDoesNotHoldUpAnother) {
  resolve("silent.example");
  resolve();
  ASSERT_EQ(asked.size(), 2u);
  std::swap(asked[0], asked[1]);

  answer({"10.0.0.1"}, 60s);

  EXPECT_EQ(answers[0]->text(), "waits");
  EXPECT_EQ(answers[1]->text(), "10.0.0.1");
}

TEST_F(ResolverOfAWorker, OfManyNamesTheLongestUnusedAreForgotten) {
  resolve();
  answer({"10.0.0.1"}, 3600s);
  for (std::size_t i = 0; i < Resolver::kMost + 100; ++i) {
    resolve("n" + std::to_string(i) + ".example");
    answer({}, 0s);
    EXPECT_EQ(resolve(), "10.0.0.1") << "it is used all the time";
  }

  EXPECT_EQ(resolver->size(), Resolver::kMost);
  EXPECT_EQ(resolve("n0.example"), "waits") << "its failure is forgotten";
}

TEST_F(ResolverOfAWorker, WhileAllNamesAreBeingAskedForAnotherDoesNotResolve) {
  std::vector<std::string> names;  // outlive the coroutines
  for (std::size_t i = 0; i < Resolver::kMost; ++i) names.push_back("n" + std::to_string(i) + ".example");
  for (const std::string& name : names) EXPECT_EQ(resolve(name), "waits");

  EXPECT_EQ(resolve(), "");
  EXPECT_EQ(resolve(names.back()), "waits") << "it is known";
  EXPECT_EQ(asked.size(), Resolver::kMost);
  answer({"10.0.0.1"}, 60s);
  EXPECT_EQ(answers.front()->text(), "10.0.0.1");
  EXPECT_EQ(resolve(), "waits") << "one that is not asked for makes room";
}

TEST_F(ResolverOfAWorker, ADestroyedWaiterIsNotResumed) {
  resolve();
  jobs.destroy_all();

  answer({"10.0.0.1"}, 60s);

  EXPECT_FALSE(answers[0]->done);
  EXPECT_EQ(resolve(), "10.0.0.1");
}

TEST_F(ResolverOfAWorker, AnAnswerAfterTheEndOfTheWorkerIsDropped) {
  resolve();
  jobs.destroy_all();
  resolver.reset();

  answer({"10.0.0.1"}, 60s);

  EXPECT_FALSE(answers[0]->done);
}

}  // namespace
}  // namespace weir::upstream
