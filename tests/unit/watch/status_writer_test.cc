// Against a fake API server: a function that keeps Ingresses and answers from the event loop.
#include "weir/watch/status_writer.h"

#include "watch/api_json.h"
#include "watch/retry_budget.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

namespace weir::watch {
namespace {

using namespace std::chrono_literals;
using Addresses = std::vector<kube::LoadBalancerAddress>;

const kube::ObjectName kWeb{"n", "web"};
const std::string kPath = "/apis/networking.k8s.io/v1/namespaces/n/ingresses/web";
const Addresses kOne{{"", "1.2.3.4"}};

class StatusWriterWithAFakeServer : public testing::Test {
 protected:
  StatusWriterWithAFakeServer()
      : writer(
            context,
            [this](ApiRequest request, ApiDone done) {
              boost::asio::post(context, [this, request = std::move(request), done = std::move(done)] {
                log += request.method + (request.path.ends_with("/status") ? " status; " : "; ");
                done(answer(request));
              });
            },
            [this](StatusWriter::Outcome outcome) { ++outcomes[outcome]; }) {
    objects[kPath] = R"({"kind":"Ingress","status":{}})";
  }

  base::Result<ApiAnswer> answer(const ApiRequest& request) {
    if (hook) {
      if (auto special = hook(request)) return *special;
    }
    const std::string path =
        request.path.ends_with("/status") ? request.path.substr(0, request.path.size() - 7) : request.path;
    const auto it = objects.find(path);
    if (it == objects.end()) return ApiAnswer{404, R"({"message":"not found"})", 0s};
    if (request.method == "PUT") it->second = request.body;
    return ApiAnswer{200, it->second, 0s};
  }
  Addresses status() { return *read_status(objects[kPath]); }
  void run() {
    context.restart();
    context.run_for(5s);
  }

  boost::asio::io_context context;
  std::map<std::string, std::string> objects;
  std::function<std::optional<base::Result<ApiAnswer>>(const ApiRequest&)> hook;
  std::string log;
  std::map<StatusWriter::Outcome, int> outcomes;
  StatusWriter writer;
};

TEST_F(StatusWriterWithAFakeServer, AStatusIsReadAndWritten) {
  writer.want(kWeb, kOne);
  run();

  EXPECT_EQ(log, "GET; PUT status; ");
  EXPECT_EQ(status(), kOne);
  EXPECT_EQ(outcomes[StatusWriter::Outcome::written], 1);
}

TEST_F(StatusWriterWithAFakeServer, WhatIsAlreadySoIsNotWritten) {
  objects[kPath] = changed_status(objects[kPath], kOne);
  writer.want(kWeb, kOne);
  run();

  EXPECT_EQ(log, "GET; ");
}

TEST_F(StatusWriterWithAFakeServer, AConflictIsReadAgain) {
  int conflicts = 2;
  hook = [&](const ApiRequest& request) -> std::optional<base::Result<ApiAnswer>> {
    if (request.method == "PUT" && conflicts-- > 0) return ApiAnswer{409, "{}", 0s};
    return std::nullopt;
  };
  writer.want(kWeb, kOne);
  run();

  EXPECT_EQ(log, "GET; PUT status; GET; PUT status; GET; PUT status; ");
  EXPECT_EQ(status(), kOne);
}

TEST_F(StatusWriterWithAFakeServer, FailuresAreRepeated) {
  int failures = 3;
  hook = [&](const ApiRequest&) -> std::optional<base::Result<ApiAnswer>> {
    if (failures-- == 3) return base::fail("not connected");
    if (failures >= 0) return ApiAnswer{500, "", 0s};
    return std::nullopt;
  };
  writer.want(kWeb, kOne);
  run();

  EXPECT_EQ(status(), kOne);
  EXPECT_EQ(outcomes[StatusWriter::Outcome::failed], 3);
}

TEST_F(StatusWriterWithAFakeServer, AVanishedIngressIsLeftAlone) {
  objects.clear();
  writer.want(kWeb, kOne);
  run();

  EXPECT_EQ(log, "GET; ");
  EXPECT_EQ(outcomes[StatusWriter::Outcome::gone], 1);
}

TEST_F(StatusWriterWithAFakeServer, WhatIsForgottenBetweenReadingAndWritingIsNotWritten) {
  hook = [&](const ApiRequest&) -> std::optional<base::Result<ApiAnswer>> {
    writer.forget_all();
    return std::nullopt;
  };
  writer.want(kWeb, kOne);
  run();

  EXPECT_EQ(log, "GET; ");
  EXPECT_EQ(status(), Addresses());
}

TEST_F(StatusWriterWithAFakeServer, AWishThatChangesDuringTheWriteIsServedAfterwards) {
  const Addresses other{{"", "5.6.7.8"}};
  hook = [&](const ApiRequest& request) -> std::optional<base::Result<ApiAnswer>> {
    if (request.method == "PUT") {
      writer.want(kWeb, other);
      hook = nullptr;
    }
    return std::nullopt;
  };
  writer.want(kWeb, kOne);
  run();

  EXPECT_EQ(status(), other);
}

TEST_F(StatusWriterWithAFakeServer, ManyAreServedAndThenItIsIdle) {
  bool idle = false;
  for (int i = 0; i < 200; ++i) {
    objects["/apis/networking.k8s.io/v1/namespaces/n/ingresses/x" + std::to_string(i)] = R"({"kind":"Ingress"})";
    writer.want({"n", "x" + std::to_string(i)}, kOne);
  }
  writer.when_idle([&idle] { idle = true; });
  EXPECT_FALSE(idle);
  run();

  EXPECT_TRUE(idle);
  EXPECT_EQ(outcomes[StatusWriter::Outcome::written], 200);
}

TEST(RetryBudget, PausesDoubleUpToALimit) {
  EXPECT_EQ(backoff(1), 5ms);
  EXPECT_EQ(backoff(2), 10ms);
  EXPECT_EQ(backoff(11), 5120ms);
  EXPECT_EQ(backoff(19), 1000s);
  EXPECT_EQ(backoff(1000000), 1000s);
}

TEST(RetryBudget, TheBucketGivesItsBurstAndThenItsRate) {
  TokenBucket bucket(10, 3);
  const TokenBucket::Clock::time_point start{1s};

  EXPECT_EQ(bucket.take(start), 0ms);
  EXPECT_EQ(bucket.take(start), 0ms);
  EXPECT_EQ(bucket.take(start), 0ms);
  EXPECT_EQ(bucket.take(start), 100ms);
  EXPECT_EQ(bucket.take(start), 200ms);
  EXPECT_EQ(bucket.take(start + 1s), 0ms);
}

}  // namespace
}  // namespace weir::watch
