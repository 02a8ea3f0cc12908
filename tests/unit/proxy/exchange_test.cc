#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::StartsWith;

constexpr const char* kPost = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello";

class ExchangeTest : public ::testing::Test {
 protected:
  features::ProxyPolicy& policy() {
    for (model::Location& one : rules.host("a.example").locations) {
      if (!one.implicit) return one.policies.proxy;
    }
    return rules.add("a.example", "/", "web").policies.proxy;
  }
  void endpoints(const std::vector<std::uint16_t>& ports) {
    policy();
    rules.backend("web", ports);
  }
  Rules rules;
};

TEST_F(ExchangeTest, ADeadEndpointIsSkipped) {
  FakeUpstream good(FakeUpstream::answering(kOk));
  endpoints({dead_port(), good.port()});
  Proxy proxy(rules);

  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(body_of(proxy.get(kGet)), "ok");
    EXPECT_EQ(body_of(proxy.get(kPost)), "ok") << "nothing was sent to the dead one";
  }
}

TEST_F(ExchangeTest, WithoutALiveEndpointItIs502) {
  endpoints({dead_port(), dead_port()});

  EXPECT_THAT(Proxy(rules).get(kGet), StartsWith("HTTP/1.1 502 "));
}

TEST_F(ExchangeTest, AResetBeforeTheHeadIsRetriedForAGetButNotForAPost) {
  std::atomic<int> posts{0};
  const auto failing = [&](Wire& wire, int) {
    const std::string head = wire.read_head();
    if (head.rfind("POST", 0) == 0) ++posts;
    wire.reset();
  };
  FakeUpstream bad(failing);
  FakeUpstream good(FakeUpstream::answering(kOk));
  endpoints({bad.port(), good.port()});
  Proxy proxy(rules);

  int failures = 0;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(body_of(proxy.get(kGet)), "ok");
    if (proxy.get(kPost).rfind("HTTP/1.1 502 ", 0) == 0) ++failures;
  }
  EXPECT_EQ(failures, posts.load()) << "a POST that reached the failing endpoint must not be repeated";
  EXPECT_GT(posts, 0);
}

TEST_F(ExchangeTest, AListedStatusIsTriedElsewhereAndPassedOnWhenTriesAreUsedUp) {
  FakeUpstream bad(FakeUpstream::answering("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"));
  FakeUpstream good(FakeUpstream::answering(kOk));
  endpoints({bad.port(), good.port()});
  policy().next_upstream = features::kRetry503;
  {
    Proxy proxy(rules);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(body_of(proxy.get(kGet)), "ok");
  }
  endpoints({bad.port()});
  EXPECT_EQ(body_of(Proxy(rules).get(kGet)), "busy");
  EXPECT_GE(bad.connections(), 3);
}

TEST_F(ExchangeTest, ABufferedBodyIsSentAgain) {
  FakeUpstream bad([](Wire& wire, int) {
    wire.read_head();
    wire.read_exactly(5);
    wire.reset();
  });
  std::atomic<int> good_bodies{0};
  FakeUpstream good([&](Wire& wire, int) {
    while (!wire.read_head().empty()) {
      if (wire.read_exactly(5) == "hello") ++good_bodies;
      wire.send(kOk);
    }
  });
  endpoints({bad.port(), good.port()});
  policy().next_upstream |= features::kRetryNonIdempotent;
  Proxy proxy(rules);

  for (int i = 0; i < 6; ++i) EXPECT_EQ(body_of(proxy.get(kPost)), "ok");
  EXPECT_EQ(good_bodies, 6);
  EXPECT_GT(bad.connections(), 0);
}

TEST_F(ExchangeTest, APooledConnectionThatDiesIsReplacedWithoutAFailure) {
  // Answers once per connection, then closes at a bad moment: after the next request was sent.
  FakeUpstream flaky([](Wire& wire, int) {
    wire.read_head();
    wire.send(kOk);
    wire.read_head();
  });
  endpoints({flaky.port()});
  policy().next_upstream = features::kRetryOff;
  Proxy proxy(rules);
  Wire client = proxy.connect();

  for (int i = 0; i < 50; ++i) {
    client.send(kGet);
    EXPECT_EQ(body_of(client.read_response()), "ok");
  }
}

TEST_F(ExchangeTest, APostOnAPooledConnectionThatDiesIsNotRepeated) {
  std::atomic<int> posts{0};
  FakeUpstream flaky([&](Wire& wire, int) {
    wire.read_head();
    wire.send(kOk);
    if (wire.read_head().rfind("POST", 0) == 0) ++posts;
  });
  endpoints({flaky.port()});
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send(kGet);
  client.read_response();
  client.send(kPost);

  EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(posts, 1);
}

TEST_F(ExchangeTest, KeepaliveConnectionsOfZeroMeansConnectionClose) {
  std::mutex mutex;
  std::string seen;
  FakeUpstream upstream([&](Wire& wire, int) {
    for (std::string head = wire.read_head(); !head.empty(); head = wire.read_head()) {
      std::lock_guard lock(mutex);
      seen = head;
      wire.send(kOk);
    }
  });
  endpoints({upstream.port()});
  rules.settings.upstream_keepalive_connections = 0;
  Proxy proxy(rules);

  for (int i = 0; i < 3; ++i) EXPECT_EQ(body_of(proxy.get(kGet)), "ok");

  EXPECT_EQ(upstream.connections(), 3);
  std::lock_guard lock(mutex);
  EXPECT_NE(seen.find("Connection: close\r\n"), std::string::npos);
}

TEST_F(ExchangeTest, Http10IsSpokenUpstreamWhereAsked) {
  FakeUpstream upstream([](Wire& wire, int) {
    const std::string head = wire.read_head();
    wire.send("HTTP/1.0 200 OK\r\n\r\n" + head);
  });
  endpoints({upstream.port()});
  policy().http_1_0 = true;

  EXPECT_NE(Proxy(rules).get(kGet).find("GET / HTTP/1.0\r\n"), std::string::npos);
}

TEST_F(ExchangeTest, EndpointsTakeTurns) {
  FakeUpstream a(FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"));
  FakeUpstream b(FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"));
  endpoints({a.port(), b.port()});
  Proxy proxy(rules);

  std::string all;
  for (int i = 0; i < 10; ++i) all += body_of(proxy.get(kGet));
  EXPECT_EQ(std::count(all.begin(), all.end(), 'a'), 5);
}

TEST_F(ExchangeTest, AClientThatResetsWhileItWaitsEndsTheUpstreamConnection) {
  std::atomic<bool> ended{false};
  FakeUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    ended = wire.read_all().empty();
  });
  endpoints({upstream.port()});
  Proxy proxy(rules);

  Wire client = proxy.connect();
  client.send(kGet);
  ASSERT_TRUE(eventually([&] { return upstream.connections() == 1; }));
  client.reset();

  EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

TEST_F(ExchangeTest, AClientThatClosesLateEndsTheUpstreamConnection) {
  std::atomic<bool> ended{false};
  FakeUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    ended = wire.read_all().empty();
  });
  endpoints({upstream.port()});
  Proxy proxy(rules);

  Wire client = proxy.connect();
  client.send(kGet);
  pause(600ms);
  EXPECT_FALSE(ended);
  client.close();

  EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

TEST_F(ExchangeTest, AClientThatLeavesASilentStreamEndsIt) {
  std::atomic<bool> ended{false};
  FakeUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    ended = wire.read_all().empty();
  });
  endpoints({upstream.port()});
  Proxy proxy(rules);

  Wire client = proxy.connect();
  client.send(kGet);
  client.read_until("hello");
  pause(600ms);
  EXPECT_FALSE(ended);
  client.close();

  EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

TEST_F(ExchangeTest, AnEndpointThatDoesNotAnswerTheConnectGives504) {
  // 192.0.2.0/24 is for documentation; a route to it swallows packets or refuses at once, so only the class is checked.
  policy().connect_timeout = 300ms;
  policy().next_upstream_tries = 1;
  rules.backend("web", {1});
  rules.model.backends.front().endpoints = {{*base::parse_ip("192.0.2.1"), 81}};

  EXPECT_THAT(Proxy(rules).get(kGet), StartsWith("HTTP/1.1 50"));
}

}  // namespace
}  // namespace weir::proxy::test
