#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Http1SessionTest : public ::testing::Test {
 protected:
  Http1SessionTest() : upstream(FakeUpstream::answering(kOk)) {
    rules.add("a.example", "/", "web");
    rules.backend("web", {upstream.port()});
  }
  FakeUpstream upstream;
  Rules rules;
};

TEST_F(Http1SessionTest, ManyRequestsShareOneConnectionOnBothSides) {
  Proxy proxy(rules);
  Wire client = proxy.connect();

  for (int i = 0; i < 50; ++i) {
    client.send(kGet);
    EXPECT_EQ(body_of(client.read_response()), "ok");
  }

  EXPECT_EQ(upstream.connections(), 1);
  EXPECT_EQ(proxy.server.stats().accepted, 1u);
  EXPECT_TRUE(eventually([&] { return proxy.server.stats().requests == 50; }));
}

TEST_F(Http1SessionTest, PipelinedRequestsAreAnsweredInOrder) {
  FakeUpstream echo([](Wire& wire, int) {
    for (std::string head = wire.read_head(); !head.empty(); head = wire.read_head()) {
      const std::string target = head.substr(4, head.find(' ', 4) - 4);
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(target.size()) + "\r\n\r\n" + target);
    }
  });
  rules.backend("web", {echo.port()});
  Proxy proxy(rules);
  Wire client = proxy.connect();

  std::string all;
  for (int i = 0; i < 20; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a.example\r\n\r\n";
  client.send(all);

  for (int i = 0; i < 20; ++i) EXPECT_EQ(body_of(client.read_response()), "/" + std::to_string(i));
}

TEST_F(Http1SessionTest, AHeadInSingleBytesIsUnderstood) {
  Proxy proxy(rules);
  Wire client = proxy.connect();

  for (const char* at = kGet; *at != 0; ++at) client.send(std::string_view(at, 1));

  EXPECT_EQ(body_of(client.read_response()), "ok");
}

TEST_F(Http1SessionTest, ConnectionCloseIsHonoured) {
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");

  EXPECT_THAT(client.read_response(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.wait_for_close());
  EXPECT_FALSE(client.was_reset());
}

TEST_F(Http1SessionTest, AnHttp10ClientIsServedAndClosed) {
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n");

  EXPECT_THAT(client.read_response(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.wait_for_close());
}

TEST_F(Http1SessionTest, TheLimitOfRequestsEndsAConnection) {
  rules.settings.keep_alive_requests = 2;
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send(kGet);
  EXPECT_THAT(client.read_response(), HasSubstr("Connection: keep-alive\r\n"));
  client.send(kGet);
  EXPECT_THAT(client.read_response(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.wait_for_close());
}

TEST_F(Http1SessionTest, AnIdleConnectionIsClosed) {
  rules.settings.keep_alive = std::chrono::seconds(1);
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send(kGet);
  client.read_response();

  EXPECT_TRUE(client.wait_for_close());
}

TEST_F(Http1SessionTest, ASlowHeadIsAnswered408AsAWhole) {
  rules.settings.client_header_timeout = std::chrono::seconds(1);
  Proxy proxy(rules);
  Wire client = proxy.connect();

  const auto began = std::chrono::steady_clock::now();
  std::thread dripping([&] {
    for (int i = 0; i < 30 && client.send(i == 0 ? "GET / HTTP/1.1\r\n" : "X-A: b\r\n"); ++i) {
      eventually(
          [until = std::chrono::steady_clock::now() + 100ms] { return std::chrono::steady_clock::now() >= until; });
    }
  });
  const std::string response = client.read_response();
  dripping.join();

  EXPECT_THAT(response, StartsWith("HTTP/1.1 408 Request Time-out\r\n"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST_F(Http1SessionTest, SyntaxErrorsAreAnsweredAndEndTheConnection) {
  Proxy proxy(rules);
  const struct {
    const char* bytes;
    const char* status;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: a.example\r\nBad Name: 1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {"GET /%zz HTTP/1.1\r\nHost: a.example\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "HTTP/1.1 400 Bad Request"},
      {"\x16\x03\x01", "HTTP/1.1 400 Bad Request"}};
  for (const auto& one : cases) {
    Wire client = proxy.connect();
    client.send(one.bytes);
    client.send(kGet);  // must not be looked at
    const std::string all = client.read_all();
    EXPECT_THAT(all, StartsWith(one.status)) << one.bytes;
    EXPECT_THAT(all, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(all, Not(HasSubstr("200 OK")));
    EXPECT_FALSE(client.was_reset());
  }
}

TEST_F(Http1SessionTest, ATooLongRequestLineGives414) {
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a.example\r\n\r\n");

  EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 414 "));
}

TEST_F(Http1SessionTest, LargerHeaderBuffersAreHonoured) {
  rules.settings.large_header_buffer_size = 100 * 1024;
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send("GET / HTTP/1.1\r\nHost: a.example\r\nX-Long: " + std::string(60000, 'a') + "\r\n" +
              "X-Longer: " + std::string(60000, 'b') + "\r\n\r\n");

  EXPECT_EQ(body_of(client.read_response()), "ok");
}

TEST_F(Http1SessionTest, AHalfCloseTogetherWithTheRequestStillGetsTheAnswer) {
  FakeUpstream slow([](Wire& wire, int) {
    wire.read_head();
    eventually(
        [until = std::chrono::steady_clock::now() + 600ms] { return std::chrono::steady_clock::now() >= until; });
    wire.send(kOk);
  });
  rules.backend("web", {slow.port()});
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send(kGet);
  client.half_close();

  EXPECT_EQ(body_of(client.read_response()), "ok");
  EXPECT_TRUE(client.wait_for_close());
}

TEST_F(Http1SessionTest, WithoutATableEveryRequestGets503) {
  ServerOptions options;
  options.http_port = 0;
  options.https = false;
  options.bind_addresses = {"127.0.0.1"};
  Server server(options);
  ASSERT_TRUE(server.start());

  Wire client = Proxy::connect_to(server.http_port());
  client.send(kGet);

  EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 503 "));
}

TEST_F(Http1SessionTest, AnOccupiedPortIsAnErrorThatNamesIt) {
  Proxy proxy(rules);
  ServerOptions options;
  options.http_port = upstream.port();
  options.https = false;
  options.bind_addresses = {"127.0.0.1"};
  Server server(options);

  const base::Result<void> started = server.start();

  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().text(), HasSubstr(std::to_string(upstream.port())));
}

}  // namespace
}  // namespace weir::proxy::test
