// Against a fake API server: a function that keeps one Lease with a resource version.
#include "weir/watch/leader_election.h"

#include "watch/api_json.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>

namespace weir::watch {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// One Lease, optimistic locking as the real one has it.
class FakeLeaseServer {
 public:
  explicit FakeLeaseServer(boost::asio::io_context& context) : context_(context) {}

  ApiCall client() {
    return [this](ApiRequest request, ApiDone done) {
      if (hangs) return;
      boost::asio::post(context_, [this, request = std::move(request), done = std::move(done)] {
        ++requests;
        done(down ? base::Result<ApiAnswer>(base::fail("not connected")) : answer(request));
      });
    };
  }
  std::string holder() const { return lease.empty() ? "" : read_lease(lease)->holder; }

  std::string lease;
  bool down = false;
  bool hangs = false;
  int requests = 0;

 private:
  ApiAnswer answer(const ApiRequest& request) {
    if (request.method == "GET") return lease.empty() ? ApiAnswer{404, "", 0s} : ApiAnswer{200, lease, 0s};
    if (request.method == "POST" && !lease.empty()) return {409, "", 0s};
    json object = json::parse(request.body);
    if (request.method == "PUT" && object["metadata"].value("resourceVersion", "") != std::to_string(version_)) {
      return {409, "", 0s};
    }
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    lease = object.dump();
    return {request.method == "POST" ? 201 : 200, lease, 0s};
  }

  boost::asio::io_context& context_;
  int version_ = 0;
};

class LeaderElectionWithAFakeServer : public testing::Test {
 protected:
  std::unique_ptr<LeaderElection> instance(const std::string& name) {
    LeaderElectionOptions options{{"n", "leader"}, name, 2000ms};
    auto one = std::make_unique<LeaderElection>(context, options, server.client(),
                                                [this, name](bool leads) { log += name + (leads ? "+ " : "- "); });
    one->start();
    return one;
  }
  // For things that shall not happen.
  void run(std::chrono::milliseconds time) {
    context.restart();
    context.run_for(time);
  }
  void run_until(const std::function<bool()>& so) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    context.restart();
    while (!so() && std::chrono::steady_clock::now() < deadline) context.run_one_for(10ms), context.restart();
    EXPECT_TRUE(so()) << log;
  }
  void run_until_log(const std::string& expected) {
    run_until([&] { return log == expected; });
  }

  boost::asio::io_context context;
  FakeLeaseServer server{context};
  std::string log;
};

TEST_F(LeaderElectionWithAFakeServer, OneOfTwoLeadsAndStays) {
  const auto a = instance("a");
  run_until_log("a+ ");
  const auto b = instance("b");
  run(1500ms);

  EXPECT_EQ(log, "a+ ");
  EXPECT_TRUE(a->leads());
  EXPECT_FALSE(b->leads());
  EXPECT_EQ(b->leader(), "a");
}

TEST_F(LeaderElectionWithAFakeServer, AReleasedLeaseGoesToTheNextWithoutWaitingForItsEnd) {
  const auto a = instance("a");
  run_until_log("a+ ");
  const auto b = instance("b");
  run_until([&b] { return b->leader() == "a"; });
  bool released = false;
  a->release([&released] { released = true; });
  run_until([&released] { return released; });
  EXPECT_EQ(server.holder(), "");
  EXPECT_FALSE(a->leads());

  run_until_log("a+ b+ ");
}

TEST_F(LeaderElectionWithAFakeServer, WhoCannotRenewStopsLeadingAndComesBack) {
  const auto a = instance("a");
  run_until_log("a+ ");
  server.down = true;
  run_until_log("a+ a- ");
  server.down = false;

  run_until_log("a+ a- a+ ");
}

TEST_F(LeaderElectionWithAFakeServer, AServerThatNeverAnswersEndsLeadershipInTime) {
  const auto a = instance("a");
  run_until_log("a+ ");
  server.hangs = true;

  run_until_log("a+ a- ");
}

TEST_F(LeaderElectionWithAFakeServer, GarbageInTheLeaseDoesNotEndTheElection) {
  server.lease = R"({"kind":"Status"})";
  const auto a = instance("a");
  run_until([this] { return server.requests >= 1; });
  EXPECT_EQ(log, "");
  server.lease.clear();

  run_until_log("a+ ");
}

TEST_F(LeaderElectionWithAFakeServer, NobodyAsksAfterItsEnd) {
  auto a = instance("a");
  run_until_log("a+ ");
  a.reset();
  const int before = server.requests;
  run(800ms);

  EXPECT_EQ(server.requests, before);
}

}  // namespace
}  // namespace weir::watch
