#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ProxyHeaderTest : public ::testing::Test {
 protected:
  ProxyHeaderTest() {
    rules.settings.use_proxy_protocol = true;
    rules.add("a.example", "/", "web");
    rules.backend("web", {upstream.port()});
  }
  FakeUpstream upstream{[this](Wire& wire, int) {
    for (std::string head = wire.read_head(); !head.empty(); head = wire.read_head()) {
      {
        std::lock_guard lock(mutex);
        seen = head;
      }
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  }};
  std::string upstream_saw() {
    std::lock_guard lock(mutex);
    return seen;
  }
  std::mutex mutex;
  std::string seen;
  Rules rules;
};

const std::string kLine = "PROXY TCP4 203.0.113.7 198.51.100.1 1234 443\r\n";
TEST_F(ProxyHeaderTest, TheSourceOfTheHeaderIsTheClient) {
  Proxy proxy(rules);

  EXPECT_THAT(proxy.get(kLine + kGet), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(upstream_saw(), HasSubstr("X-Forwarded-For: 203.0.113.7\r\n"));
  EXPECT_THAT(upstream_saw(), HasSubstr("X-Forwarded-Proto: https\r\n"));
}

TEST_F(ProxyHeaderTest, AHeaderMayComeByteByByteAndServesAllRequestsOfItsConnection) {
  Proxy proxy(rules);
  Wire wire = proxy.connect();
  for (const char c : kLine) ASSERT_TRUE(wire.send({&c, 1}));
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(wire.send(kGet));
    EXPECT_THAT(wire.read_response(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(upstream_saw(), HasSubstr("X-Real-IP: 203.0.113.7\r\n"));
  }
}

TEST_F(ProxyHeaderTest, AConnectionWithoutTheHeaderIsClosedUnanswered) {
  Proxy proxy(rules);
  for (const std::string& bytes :
       {std::string(kGet), std::string("PROXY TCP4 1.2.3.4\r\n") + kGet, std::string("\x16\x03\x01")}) {
    Wire wire = proxy.connect();
    ASSERT_TRUE(wire.send(bytes));
    EXPECT_EQ(wire.read_all(), "") << bytes;
  }
  EXPECT_EQ(upstream.connections(), 0);
}

TEST_F(ProxyHeaderTest, AHeaderHasToBeThereInTime) {
  rules.settings.proxy_protocol_header_timeout = 1s;
  Proxy proxy(rules);
  Wire wire = proxy.connect();
  wire.send("PROXY TCP4 203.0");

  EXPECT_EQ(wire.read_all(), "");
}

TEST_F(ProxyHeaderTest, AHealthCheckOfTheLoadBalancerItselfIsServedAsTheConnectionItIs) {
  Proxy proxy(rules);

  EXPECT_THAT(proxy.get(std::string("PROXY UNKNOWN\r\n") + kGet), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(upstream_saw(), HasSubstr("X-Forwarded-For: 127.0.0.1\r\n"));
}

TEST_F(ProxyHeaderTest, TheSettingCountsForConnectionsMadeAfterItsChange) {
  rules.settings.use_proxy_protocol = false;
  Proxy proxy(rules);
  EXPECT_THAT(proxy.get(kGet), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(proxy.get(kLine + kGet), StartsWith("HTTP/1.1 400"));

  rules.settings.use_proxy_protocol = true;
  proxy.publish(rules);
  EXPECT_THAT(proxy.get(kLine + kGet), StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace weir::proxy::test
