#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: x\r\n\r\n";
constexpr const char* kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n";

class TunnelTest : public ::testing::Test {
 protected:
  void serve(FakeUpstream::Script script) {
    upstream = std::make_unique<FakeUpstream>(std::move(script));
    model::Location& location = rules.add("a.example", "/", "web");
    location.policies.proxy.read_timeout = timeout;
    rules.backend("web", {upstream->port()});
    proxy = std::make_unique<Proxy>(rules);
  }
  std::chrono::milliseconds timeout{10s};
  Rules rules;
  std::unique_ptr<FakeUpstream> upstream;
  std::unique_ptr<Proxy> proxy;
};

TEST_F(TunnelTest, BytesGoBothWaysAfterThe101) {
  serve([](Wire& wire, int) {
    const std::string head = wire.read_head();
    if (head.find("Connection: upgrade\r\n") == std::string::npos ||
        head.find("Upgrade: websocket\r\n") == std::string::npos) {
      return;
    }
    wire.send(std::string(kSwitch) + "first");
    for (std::string line = wire.read_until("\n"); !line.empty(); line = wire.read_until("\n")) wire.send("<" + line);
  });
  Wire client = proxy->connect();

  client.send(kUpgrade);
  const std::string head = client.read_head();

  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(head, HasSubstr("Upgrade: websocket\r\n"));
  EXPECT_THAT(head, HasSubstr("Connection: upgrade\r\n"));
  EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Accept: y\r\n"));
  EXPECT_EQ(client.read_exactly(5), "first");
  for (int i = 0; i < 100; ++i) {
    client.send("ping" + std::to_string(i) + "\n");
    EXPECT_EQ(client.read_until("\n"), "<ping" + std::to_string(i) + "\n");
  }
  client.half_close();
  EXPECT_TRUE(client.wait_for_close());
}

TEST_F(TunnelTest, LargeTransfersGoBothWaysAtOnce) {
  const std::string bulk = pattern(3'000'000);
  serve([&](Wire& wire, int) {
    wire.read_head();
    wire.send(kSwitch);
    std::thread sending([&] { wire.send(bulk); });
    const std::string got = wire.read_exactly(bulk.size());
    sending.join();
    wire.send(got == bulk ? "same" : "diff");
  });
  Wire client = proxy->connect();

  client.send(kUpgrade);
  client.read_head();
  std::thread sending([&] { client.send(bulk); });
  EXPECT_TRUE(client.read_exactly(bulk.size()) == bulk);
  sending.join();

  EXPECT_EQ(client.read_exactly(4), "same");
}

TEST_F(TunnelTest, ARefusedUpgradeIsAnOrdinaryAnswer) {
  serve(FakeUpstream::answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
  Wire client = proxy->connect();

  for (int i = 0; i < 2; ++i) {
    client.send(kUpgrade);
    EXPECT_EQ(body_of(client.read_response()), "no");
  }
}

TEST_F(TunnelTest, A101ForAnotherProtocolGives502) {
  serve(FakeUpstream::answering("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"));

  EXPECT_THAT(proxy->get(kUpgrade), StartsWith("HTTP/1.1 502 "));
}

TEST_F(TunnelTest, AQuietTunnelEndsABusyOneDoesNot) {
  timeout = 1s;
  std::atomic<bool> ended_by_proxy{false};
  serve([&](Wire& wire, int) {
    wire.read_head();
    wire.send(kSwitch);
    wire.read_all();
    ended_by_proxy = wire.wait_for_close();  // and not by the patience of this test
  });
  Wire client = proxy->connect();
  client.send(kUpgrade);
  client.read_head();

  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(client.send("x"));
    eventually(
        [until = std::chrono::steady_clock::now() + 250ms] { return std::chrono::steady_clock::now() >= until; });
  }
  EXPECT_TRUE(client.wait_for_close());
  EXPECT_GE(std::chrono::steady_clock::now() - began, 2500ms);
  EXPECT_TRUE(eventually([&] { return ended_by_proxy.load(); }));
}

TEST_F(TunnelTest, AClientThatResetsEndsTheOtherSide) {
  std::atomic<bool> ended{false};
  serve([&](Wire& wire, int) {
    wire.read_head();
    wire.send(kSwitch);
    wire.read_all();
    ended = true;
  });
  Wire client = proxy->connect();
  client.send(kUpgrade);
  client.read_head();

  client.reset();

  EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

}  // namespace
}  // namespace weir::proxy::test
