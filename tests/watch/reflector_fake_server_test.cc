// Reflector against a fake API server: one test for each rule of what Kubernetes expects of a client that watches.
#include "watch/reflector.h"

#include "watch/fake_api_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace weir::watch {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::ElementsAre;

class ReflectorWithAFakeServer : public testing::Test {
 protected:
  using Clock = std::chrono::steady_clock;

  void start(FakeApiServer::Handler handler) {
    server = std::make_unique<FakeApiServer>(context, std::move(handler));
    ApiConfig config;
    config.tls = false;
    config.host = "127.0.0.1";
    config.port = static_cast<std::uint16_t>(server->port());
    client = std::make_unique<ApiClient>(context, config);
    ReflectorCallbacks callbacks;
    callbacks.on_synced = [this] { ++synced; };
    callbacks.on_change = [this] { ++changes; };
    callbacks.on_denied = [this](int status) { denied = status; };
    reflector = std::make_unique<Reflector>(context, *client, kServices, Scope{}, store, std::move(callbacks), limits);
    reflector->start();
  }
  void TearDown() override {
    reflector.reset();
    client.reset();
    server.reset();
    context.restart();
    context.run_for(50ms);
  }
  void run_until(const std::function<bool()>& so, std::chrono::milliseconds limit = 10s) {
    const auto deadline = Clock::now() + limit;
    while (!so() && Clock::now() < deadline) {
      context.restart();
      context.run_one_for(10ms);
    }
    EXPECT_TRUE(so()) << "not in time";
  }
  // For things that shall not happen.
  void run_for(std::chrono::milliseconds time) {
    context.restart();
    context.run_for(time);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, service] : sinks.state.services) all.push_back(name.name);
    return all;
  }
  const std::map<std::string, std::string>& query(std::size_t request) const {
    return server->requests.at(request).query;
  }
  // A WatchList with these services at version 10 that then stays open.
  static asio::awaitable<void> send_all(FakeExchange& e, const char* services, bool end = true) {
    co_await e.begin();
    std::istringstream names(services);
    for (std::string name; names >> name;) {
      std::string line = event_line("ADDED", service_json(name, "5"));
      co_await e.send(std::move(line));
    }
    if (!end) co_return;
    std::string line = bookmark_line("Service", "10", true);
    co_await e.send(std::move(line));
  }
  static asio::awaitable<void> hold(FakeExchange& e) { co_await e.pause(60s); }
  static asio::awaitable<void> refuse(FakeExchange& e, int code, const char* reason, const char* cause = "",
                                      const char* fields = "") {
    std::string body = status_body(code, reason, cause);
    std::string headers = fields;
    co_await e.answer(code, std::move(body), std::move(headers));
  }
  static bool initial(const FakeExchange& e) { return e.request.asks("sendInitialEvents", "true"); }

  asio::io_context context;
  ObjectSinks sinks;
  ObjectStore store{kServices, sinks};
  ReflectorLimits limits;
  std::unique_ptr<FakeApiServer> server;
  std::unique_ptr<ApiClient> client;
  std::unique_ptr<Reflector> reflector;
  int synced = 0;
  int changes = 0;
  int denied = 0;
};

TEST_F(ReflectorWithAFakeServer, FirstAsksForAWatchThatBeginsWithThePresentObjects) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    co_await send_all(e, "a b");
    co_await hold(e);
  });

  run_until([&] { return synced == 1; });

  EXPECT_THAT(names(), ElementsAre("a", "b"));
  EXPECT_EQ(server->requests.at(0).path, "/api/v1/services");
  const auto& q = query(0);
  EXPECT_EQ(q.at("watch"), "1");
  EXPECT_EQ(q.at("sendInitialEvents"), "true");
  EXPECT_EQ(q.at("resourceVersionMatch"), "NotOlderThan");
  EXPECT_EQ(q.at("allowWatchBookmarks"), "true");
  EXPECT_GE(std::stoi(q.at("timeoutSeconds")), 300);
  EXPECT_LE(std::stoi(q.at("timeoutSeconds")), 600);
  EXPECT_FALSE(q.contains("resourceVersion"));
}

TEST_F(ReflectorWithAFakeServer, NothingAppearsBeforeThePresentObjectsAreComplete) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    co_await send_all(e, "a b", false);
    std::string plain = bookmark_line("Service", "9");
    co_await e.send(std::move(plain));
    co_await hold(e);
  });

  run_for(300ms);

  EXPECT_EQ(synced, 0);
  EXPECT_TRUE(names().empty());
}

TEST_F(ReflectorWithAFakeServer, AServerThatRefusesWatchListIsListedFromItsMemoryWithoutPages) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    if (initial(e)) {
      co_await refuse(e, 422, "Invalid");
    } else if (!e.request.query.contains("watch")) {
      std::string list = list_json("ServiceList", "7", {service_json("a", "3")});
      co_await e.answer(200, std::move(list), {});
    } else {
      co_await e.begin();
      co_await hold(e);
    }
  });

  run_until([&] { return server->requests.size() == 3; });

  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_EQ(query(1).at("resourceVersion"), "0");
  EXPECT_FALSE(query(1).contains("limit"));
  EXPECT_EQ(query(2).at("resourceVersion"), "7");
}

TEST_F(ReflectorWithAFakeServer, AServerThatKnowsWatchListOnlyByNameIsListed) {
  limits.end_of_list = 100ms;
  start([](FakeExchange& e) -> asio::awaitable<void> {
    if (initial(e)) {
      co_await send_all(e, "a", false);
      co_await hold(e);
    } else if (!e.request.query.contains("watch")) {
      std::string list = list_json("ServiceList", "7", {service_json("b", "3")});
      co_await e.answer(200, std::move(list), {});
    } else {
      co_await e.begin();
      co_await hold(e);
    }
  });

  run_until([&] { return synced == 1; });

  EXPECT_THAT(names(), ElementsAre("b"));
}

TEST_F(ReflectorWithAFakeServer, EventsAreAppliedAndTheNextWatchBeginsAtTheLastOfThem) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    if (initial(e)) {
      co_await send_all(e, "a b");
      std::string lines = event_line("ADDED", service_json("c", "11")) +
                          event_line("MODIFIED", service_json("a", "12", 81)) +
                          event_line("DELETED", service_json("b", "13"));
      co_await e.send(std::move(lines));
      co_await e.end();
    } else {
      co_await e.begin();
      co_await hold(e);
    }
  });

  run_until([&] { return server->requests.size() == 2; });

  EXPECT_THAT(names(), ElementsAre("a", "c"));
  EXPECT_EQ(sinks.state.find<kube::Service>({"default", "a"})->ports.front().number, 81);
  EXPECT_EQ(query(1).at("resourceVersion"), "13");
  EXPECT_FALSE(query(1).contains("sendInitialEvents"));
}

TEST_F(ReflectorWithAFakeServer, ABookmarkMovesTheVersionAndNothingElse) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    if (initial(e)) {
      co_await send_all(e, "a");
      std::string line = bookmark_line("Service", "40") + event_line("DELETED", service_json("x", "41"));
      co_await e.send(std::move(line));
      std::string last = bookmark_line("Service", "50");
      co_await e.send(std::move(last));
      co_await e.end();
    } else {
      co_await e.begin();
      co_await hold(e);
    }
  });

  run_until([&] { return server->requests.size() == 2; });

  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_EQ(query(1).at("resourceVersion"), "50");
}

TEST_F(ReflectorWithAFakeServer, AStreamThatIsCutBeforeItsEndOfListIsWorthless) {
  start([n = 0](FakeExchange& e) mutable -> asio::awaitable<void> {
    if (++n == 1) {
      co_await send_all(e, "a b", false);
      e.cut();
      co_return;
    }
    co_await send_all(e, "c");
    co_await hold(e);
  });

  run_until([&] { return synced == 1; });

  EXPECT_THAT(names(), ElementsAre("c"));
  EXPECT_FALSE(query(1).contains("resourceVersion"));
}

TEST_F(ReflectorWithAFakeServer, AnExpiredVersionInTheHeadOfAWatchLeadsToOneList) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    if (initial(e) && !e.request.query.contains("resourceVersion")) {
      co_await send_all(e, "a");
      std::string line = event_line("ADDED", service_json("old", "11"));
      co_await e.send(std::move(line));
      co_await e.end();
    } else if (initial(e)) {
      co_await send_all(e, "a new");
      co_await hold(e);
    } else {
      co_await refuse(e, 410, "Expired");
    }
  });

  run_until([&] { return synced == 2; });
  run_for(100ms);

  EXPECT_EQ(server->requests.size(), 3u);
  EXPECT_EQ(query(2).at("resourceVersion"), "11");  // never older than what was seen
  EXPECT_THAT(names(), ElementsAre("a", "new"));
}

TEST_F(ReflectorWithAFakeServer, AnErrorEventWithAnExpiredVersionLeadsToOneList) {
  start([n = 0](FakeExchange& e) mutable -> asio::awaitable<void> {
    if (++n == 1) {
      co_await send_all(e, "a");
      std::string line = event_line("ERROR", status_body(410, "Expired"));
      co_await e.send(std::move(line));
      co_await hold(e);
    }
    co_await send_all(e, "b");
    co_await hold(e);
  });

  run_until([&] { return synced == 2; }, 700ms);  // without a pause

  EXPECT_EQ(server->requests.size(), 2u);
  EXPECT_THAT(names(), ElementsAre("b"));
}

TEST_F(ReflectorWithAFakeServer, AListAtAnExpiredVersionIsAskedForAtTheNewestInstead) {
  start([n = 0](FakeExchange& e) mutable -> asio::awaitable<void> {
    switch (++n) {
      case 1:
        co_await send_all(e, "a");
        {
          std::string line = event_line("ERROR", status_body(410, "Expired"));
          co_await e.send(std::move(line));
        }
        co_await hold(e);
        break;
      case 2:
        co_await refuse(e, 410, "Expired");
        break;
      default:
        co_await send_all(e, "b");
        co_await hold(e);
    }
  });

  run_until([&] { return synced == 2; }, 700ms);

  EXPECT_EQ(query(1).at("resourceVersion"), "10");
  EXPECT_FALSE(query(2).contains("resourceVersion"));
}

TEST_F(ReflectorWithAFakeServer, AVersionThatTheServerHasNotReachedIsNotWaitedFor) {
  start([n = 0](FakeExchange& e) mutable -> asio::awaitable<void> {
    switch (++n) {
      case 1:
        co_await send_all(e, "a");
        {
          std::string line = event_line("ERROR", status_body(410, "Expired"));
          co_await e.send(std::move(line));
        }
        co_await hold(e);
        break;
      case 2:
        co_await refuse(e, 504, "Timeout", "ResourceVersionTooLarge");
        break;
      default:
        co_await send_all(e, "b");
        co_await hold(e);
    }
  });

  run_until([&] { return synced == 2; }, 700ms);

  EXPECT_FALSE(query(2).contains("resourceVersion"));
}

TEST_F(ReflectorWithAFakeServer, AContinueTokenThatExpiredLeadsToTheWholeListAtOnce) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    const auto& q = e.request.query;
    if (initial(e)) {
      co_await refuse(e, 400, "BadRequest");
    } else if (q.contains("watch")) {
      co_await e.begin();
      if (e.request.asks("resourceVersion", "7")) {
        std::string line = event_line("ERROR", status_body(410, "Expired"));
        co_await e.send(std::move(line));
      }
      co_await hold(e);
    } else if (e.request.asks("resourceVersion", "0")) {
      std::string list = list_json("ServiceList", "7", {service_json("first", "3")});
      co_await e.answer(200, std::move(list), {});
    } else if (e.request.asks("resourceVersion", "7")) {
      co_await refuse(e, 410, "Expired");
    } else if (q.contains("continue")) {
      co_await refuse(e, 410, "Expired");
    } else if (q.contains("limit")) {
      std::string list = list_json("ServiceList", "8", {service_json("a", "3")}, "next");
      co_await e.answer(200, std::move(list), {});
    } else {
      std::string list = list_json("ServiceList", "9", {service_json("a", "3"), service_json("b", "4")});
      co_await e.answer(200, std::move(list), {});
    }
  });

  run_until([&] { return synced == 2; });

  EXPECT_THAT(names(), ElementsAre("a", "b"));
}

TEST_F(ReflectorWithAFakeServer, AListOfTheNewestComesInPages) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    const auto& q = e.request.query;
    if (initial(e)) {
      co_await refuse(e, 400, "BadRequest");
    } else if (q.contains("watch")) {
      co_await e.begin();
      if (e.request.asks("resourceVersion", "7")) {
        std::string line = event_line("ERROR", status_body(410, "Expired"));
        co_await e.send(std::move(line));
      }
      co_await hold(e);
    } else if (e.request.asks("resourceVersion", "0")) {
      std::string list = list_json("ServiceList", "7", {service_json("first", "3")});
      co_await e.answer(200, std::move(list), {});
    } else if (e.request.asks("resourceVersion", "7")) {
      co_await refuse(e, 410, "Expired");
    } else if (q.contains("continue")) {
      std::string list = list_json("ServiceList", "9", {service_json("b", "4")});
      co_await e.answer(200, std::move(list), {});
    } else {
      EXPECT_EQ(q.at("limit"), "500");
      std::string list = list_json("ServiceList", "9", {service_json("a", "3")}, "to/ken=");
      co_await e.answer(200, std::move(list), {});
    }
  });

  run_until([&] { return synced == 2; });

  EXPECT_THAT(names(), ElementsAre("a", "b"));
  EXPECT_EQ(server->requests.at(5).query.at("continue"), "to/ken=");
}

TEST_F(ReflectorWithAFakeServer, TooManyRequestsIsWaitedOutWithoutAnotherList) {
  Clock::time_point refused_at;
  Clock::time_point asked_at;
  start([&, n = 0](FakeExchange& e) mutable -> asio::awaitable<void> {
    switch (++n) {
      case 1:
        co_await send_all(e, "a");
        {
          std::string line = event_line("ADDED", service_json("b", "11"));
          co_await e.send(std::move(line));
        }
        co_await e.end();
        break;
      case 2:
        refused_at = Clock::now();
        co_await refuse(e, 429, "TooManyRequests", "", "Retry-After: 1\r\n");
        break;
      default:
        asked_at = Clock::now();
        co_await e.begin();
        co_await hold(e);
    }
  });

  run_until([&] { return server->requests.size() == 3; });

  EXPECT_GE(asked_at - refused_at, 990ms);
  EXPECT_LT(asked_at - refused_at, 1500ms);
  EXPECT_EQ(query(2).at("resourceVersion"), "11");
  EXPECT_FALSE(query(2).contains("sendInitialEvents"));
  EXPECT_EQ(synced, 1);
}

TEST_F(ReflectorWithAFakeServer, AnInternalErrorInAWatchIsTriedAgainWithoutAnotherList) {
  start([n = 0](FakeExchange& e) mutable -> asio::awaitable<void> {
    if (++n == 1) {
      co_await send_all(e, "a");
      std::string line = event_line("ERROR", status_body(500, "InternalError"));
      co_await e.send(std::move(line));
      co_await hold(e);
    }
    co_await e.begin();
    co_await hold(e);
  });

  run_until([&] { return server->requests.size() == 2; });

  EXPECT_FALSE(query(1).contains("sendInitialEvents"));
  EXPECT_EQ(query(1).at("resourceVersion"), "10");
}

TEST_F(ReflectorWithAFakeServer, ARefusedConnectionIsTriedAgainLaterAtTheSameVersion) {
  Clock::time_point cut_at;
  Clock::time_point asked_at;
  start([&, n = 0](FakeExchange& e) mutable -> asio::awaitable<void> {
    switch (++n) {
      case 1:
        co_await send_all(e, "a");
        co_await e.end();
        break;
      case 2:  // on the kept connection: sent again at once on a new one
      case 3:
        cut_at = Clock::now();
        e.cut();
        break;
      default:
        asked_at = Clock::now();
        co_await e.begin();
        co_await hold(e);
    }
  });

  run_until([&] { return server->requests.size() == 4; });

  EXPECT_GE(asked_at - cut_at, 790ms);
  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_FALSE(server->requests.back().query.contains("sendInitialEvents"));
  EXPECT_EQ(server->requests.back().query.at("resourceVersion"), "10");
}

TEST_F(ReflectorWithAFakeServer, AVeryShortWatchWithoutAnEventCountsAsAFailure) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    if (initial(e)) {
      co_await send_all(e, "a");
      co_await e.pause(10ms);
      co_await e.end();
      co_return;
    }
    co_await e.begin();
    co_await e.end();
  });

  run_until([&] { return synced == 1; });
  run_for(2s);

  EXPECT_LE(server->requests.size(), 4u);
  EXPECT_GE(reflector->status().failures, 1u);
}

TEST_F(ReflectorWithAFakeServer, AnEventOfUnknownTypeOrOfAnotherKindIsLeftOut) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    co_await send_all(e, "a");
    std::string lines = event_line("SURPRISE", service_json("x", "11")) +
                        event_line("ADDED", R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"}})") +
                        event_line("ADDED", service_json("b", "12"));
    co_await e.send(std::move(lines));
    co_await hold(e);
  });

  run_until([&] { return names().size() == 2; });

  EXPECT_THAT(names(), ElementsAre("a", "b"));
  EXPECT_EQ(reflector->status().skipped, 2u);
}

TEST_F(ReflectorWithAFakeServer, AnObjectThatIsNoGoodKeepsItsLastGoodVersionAndIsReported) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    co_await send_all(e, "a");
    std::string lines =
        event_line("MODIFIED", R"({"kind":"Service","apiVersion":"v1","metadata":{"name":"a","namespace":"default",)"
                               R"("resourceVersion":"11"},"spec":{"ports":"none"}})") +
        event_line("ADDED", service_json("b", "12"));
    co_await e.send(std::move(lines));
    co_await hold(e);
  });

  run_until([&] { return names().size() == 2; });

  EXPECT_EQ(sinks.state.find<kube::Service>({"default", "a"})->ports.size(), 1u);
  ASSERT_EQ(store.diagnostics().size(), 1u);
  EXPECT_EQ(store.diagnostics().front().object.name, "a");
}

TEST_F(ReflectorWithAFakeServer, ALineThatIsNoJsonLeadsToANewListAfterAPause) {
  for (const std::string& garbage : {std::string("{\"type\":\"ADDED\",\"obj\n"), std::string("\xff\xfe nonsense\n"),
                                     std::string("{\"type\":\"ADDED\",\"object\":null}\n"), std::string("[1,2,3]\n"),
                                     std::string("{\"type\":\"MODIFIED\",\"object\":{}}\n")}) {
    synced = 0;
    start([garbage, n = 0](FakeExchange& e) mutable -> asio::awaitable<void> {
      if (++n == 1) {
        co_await send_all(e, "a");
        std::string line = garbage;
        co_await e.send(std::move(line));
        co_await hold(e);
      }
      co_await send_all(e, "a b");
      co_await hold(e);
    });

    run_until([&] { return synced == 2; });

    EXPECT_THAT(names(), ElementsAre("a", "b")) << garbage;
    EXPECT_EQ(query(1).at("sendInitialEvents"), "true") << garbage;
    reflector.reset();
    client.reset();
    store.begin_replacing();
    store.finish_replacing();
  }
}

TEST_F(ReflectorWithAFakeServer, ALineThatIsCutIsNotApplied) {
  start([n = 0](FakeExchange& e) mutable -> asio::awaitable<void> {
    if (++n == 1) {
      co_await send_all(e, "a");
      std::string line = event_line("ADDED", service_json("b", "11"));
      line.resize(line.size() - 20);
      co_await e.send(std::move(line));
      e.cut();
      co_return;
    }
    co_await e.begin();
    co_await hold(e);
  });

  run_until([&] { return server->requests.size() == 2; });

  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_EQ(query(1).at("resourceVersion"), "10");
}

TEST_F(ReflectorWithAFakeServer, BytesMayComeOneByOne) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    co_await e.begin();
    const std::string all = event_line("ADDED", service_json("a", "5")) + bookmark_line("Service", "10", true);
    for (const char c : all) {
      std::string piece(1, c);
      co_await e.send(std::move(piece));
    }
    co_await hold(e);
  });

  run_until([&] { return synced == 1; });

  EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(ReflectorWithAFakeServer, WhatItMayNotReadIsReportedAndAskedForLessAndLess) {
  start([](FakeExchange& e) -> asio::awaitable<void> { co_await refuse(e, 403, "Forbidden"); });

  run_until([&] { return denied == 403; });
  run_for(2s);

  EXPECT_LE(server->requests.size(), 4u);
  EXPECT_EQ(synced, 0);
}

TEST_F(ReflectorWithAFakeServer, WhileAListIsReadAgainNothingVanishes) {
  bool finish = false;
  start([&, n = 0](FakeExchange& e) mutable -> asio::awaitable<void> {
    if (++n == 1) {
      co_await send_all(e, "a b");
      std::string line = event_line("ERROR", status_body(410, "Expired"));
      co_await e.send(std::move(line));
      co_await hold(e);
    }
    co_await send_all(e, "b", false);
    while (!finish) co_await e.pause(5ms);
    std::string line = bookmark_line("Service", "20", true);
    co_await e.send(std::move(line));
    co_await hold(e);
  });
  run_until([&] { return server->requests.size() == 2; });
  run_for(100ms);
  EXPECT_THAT(names(), ElementsAre("a", "b"));
  const auto before = sinks.state.find<kube::Service>({"default", "b"});

  finish = true;
  run_until([&] { return synced == 2; });

  EXPECT_THAT(names(), ElementsAre("b"));
  EXPECT_EQ(sinks.state.find<kube::Service>({"default", "b"}), before) << "the same version keeps its address";
}

TEST_F(ReflectorWithAFakeServer, ThousandsOfEventsAreAppliedInOrder) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    co_await send_all(e, "a");
    for (int batch = 0; batch < 20; ++batch) {
      std::string lines;
      for (int i = 0; i < 250; ++i) {
        const int version = 11 + batch * 250 + i;
        lines += event_line("MODIFIED", service_json("a", std::to_string(version), version));
      }
      co_await e.send(std::move(lines));
    }
    co_await hold(e);
  });

  run_until([&] { return changes == 5000; });

  EXPECT_EQ(sinks.state.find<kube::Service>({"default", "a"})->ports.front().number, 5010);
}

TEST_F(ReflectorWithAFakeServer, DestroyingItEndsEverything) {
  start([](FakeExchange& e) -> asio::awaitable<void> {
    co_await send_all(e, "a");
    co_await e.pause(50ms);
    std::string line = event_line("ADDED", service_json("b", "11"));
    co_await e.send(std::move(line));
    co_await hold(e);
  });
  run_until([&] { return synced == 1; });

  reflector.reset();
  run_for(200ms);

  EXPECT_THAT(names(), ElementsAre("a"));
}

}  // namespace
}  // namespace weir::watch
