#include "proxy/throttle.h"
#include "proxy/pauses.h"
#include "unit/proxy/harness.h"

#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

TEST(Throttle, ASecondsWorthGoesInAdvanceAndTheRestAsTimePasses) {
  const Throttle throttle{1000, 0, 0};

  EXPECT_EQ(throttle.allowance(0, 0), 1000u);
  EXPECT_EQ(throttle.allowance(1000, 0), 0u);
  EXPECT_EQ(throttle.allowance(1000, 500'000), 500u);
  EXPECT_EQ(throttle.allowance(1000, 10'000'000), 10'000u);
  EXPECT_EQ(throttle.allowance(5000, 1'000'000), 0u);
  EXPECT_EQ(throttle.allowance(0, -5), 1000u) << "a clock that steps back";
}

TEST(Throttle, TheFirstBytesMayBeFree) {
  const Throttle throttle{1000, 5000, 0};

  EXPECT_EQ(throttle.allowance(0, 0), 6000u);
  EXPECT_EQ(throttle.allowance(6000, 0), 0u);
}

TEST(Throttle, WaitsUntilAPieceIsWorthwhile) {
  const Throttle throttle{10'000, 0, 0};

  EXPECT_EQ(throttle.wait_ms(10'000, 0), 100u);
  EXPECT_EQ(throttle.wait_ms(15'000, 0), 600u);
  EXPECT_GE((Throttle{1'000'000'000'000, 0, 0}.wait_ms(0, 0)), 1u);
}

TEST(LimitRate, ALongBodyTakesItsTimeAndArrivesWhole) {
  const std::string body = pattern(150 * 1024);
  FakeUpstream upstream(
      FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
  Rules rules;
  model::Location& location = rules.add("a.example", "/", "web");
  location.policies.rate_limit.rate = 50 * 1024;
  location.policies.rate_limit.rate_after = 50 * 1024;
  rules.backend("web", {upstream.port()});
  Proxy proxy(rules);
  const auto began = std::chrono::steady_clock::now();
  const std::string response = proxy.get("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  const auto took = std::chrono::steady_clock::now() - began;

  EXPECT_EQ(body_of(response), body);
  EXPECT_GE(took, 900ms);  // 50 free, 50 at once, 50 over a second
  EXPECT_LE(took, 5s);
}

TEST(LimitRate, ChunksAndSmallBodiesArriveWhole) {
  FakeUpstream upstream([](Wire& wire, int) {
    while (!wire.read_head().empty()) {
      wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < 3; ++i) wire.send("800\r\n" + std::string(0x800, static_cast<char>('X' + i)) + "\r\n");
      wire.send("0\r\n\r\n");
    }
  });
  Rules rules;
  rules.add("a.example", "/", "web").policies.rate_limit.rate = 4 * 1024;
  rules.backend("web", {upstream.port()});
  Proxy proxy(rules);
  std::string all = proxy.get("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");

  EXPECT_NE(all.find("0\r\n\r\n"), std::string::npos);
  EXPECT_EQ(std::count(all.begin(), all.end(), 'Y'),
            0x800 + std::count(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.find("\r\n\r\n")), 'Y'));
}

TEST(LimitRate, AClientThatLeavesWhileItsResponsePausesIsLetGo) {
  FakeUpstream upstream(
      FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(1000000, 'x')));
  Rules rules;
  rules.add("a.example", "/", "web").policies.rate_limit.rate = 20 * 1024;
  rules.backend("web", {upstream.port()});
  Proxy proxy(rules);
  {
    Wire wire = proxy.connect();
    wire.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    EXPECT_NE(wire.read_head(), "");
    wire.reset();
  }
  EXPECT_TRUE(eventually([&] { return proxy.server.stats().active == 0; }));
}

TEST(LimitRate, AServerCanBeStoppedWhileAResponsePauses) {
  FakeUpstream upstream(
      FakeUpstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(1000000, 'x')));
  Rules rules;
  rules.add("a.example", "/", "web").policies.rate_limit.rate = 1024;
  rules.backend("web", {upstream.port()});
  Proxy proxy(rules);
  Wire wire = proxy.connect();
  wire.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_NE(wire.read_head(), "");
  proxy.server.stop();
}

}  // namespace
}  // namespace weir::proxy::test
