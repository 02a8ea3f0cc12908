#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string post(std::size_t length, const std::string& fields = {}) {
  return "POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: " + std::to_string(length) + "\r\n" + fields + "\r\n";
}
constexpr const char* kChunkedPost = "POST /up HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n";

std::size_t length_in(const std::string& head) {
  const std::size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

// An endpoint that keeps heads and bodies it got with a length.
class Sink {
 public:
  Sink()
      : upstream_([this](Wire& wire, int) {
          for (std::string head = wire.read_head(); !head.empty(); head = wire.read_head()) {
            const bool chunks = head.find("Transfer-Encoding: chunked") != std::string::npos;
            std::string body = chunks ? wire.read_until("0\r\n\r\n") : wire.read_exactly(length_in(head));
            {
              std::lock_guard lock(mutex_);
              head_ = head;
              body_ = body;
              ++requests_;
            }
            if (!wire.send(kOk)) return;
          }
        }) {}
  std::uint16_t port() const { return upstream_.port(); }
  std::string head() {
    std::lock_guard lock(mutex_);
    return head_;
  }
  std::string body() {
    std::lock_guard lock(mutex_);
    return body_;
  }
  int requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  int connections() const { return upstream_.connections(); }

 private:
  std::mutex mutex_;
  std::string head_;
  std::string body_;
  int requests_ = 0;
  FakeUpstream upstream_;
};

class RequestBodyTest : public ::testing::Test {
 protected:
  RequestBodyTest() {
    location().policies.proxy.body_size = 0;
    rules.backend("web", {sink.port()});
  }
  model::Location& location() {
    for (model::Location& one : rules.host("a.example").locations) {
      if (!one.implicit) return one;
    }
    return rules.add("a.example", "/", "web");
  }
  Sink sink;
  Rules rules;
};

class BodySizes : public RequestBodyTest, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(BodySizes, ABodyOfAnySizeArrivesWhole) {
  const std::string body = pattern(GetParam());
  for (const bool buffering : {true, false}) {
    location().policies.proxy.request_buffering = buffering;
    Proxy proxy(rules);
    Wire client = proxy.connect();
    for (int round = 0; round < 2; ++round) {
      client.send(post(body.size()));
      client.send(body);
      EXPECT_EQ(body_of(client.read_response()), "ok");
      EXPECT_EQ(length_in(sink.head()), body.size());
      EXPECT_TRUE(sink.body() == body);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(RequestBody, BodySizes,
                         ::testing::Values(0, 1, 1000, 8192, 16384, 65536 - 100, 65536, 65537, 200000, 1000000,
                                           8000000));

TEST_F(RequestBodyTest, AChunkedBodyIsBufferedAndLeavesWithItsLength) {
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send(kChunkedPost);
  client.send("5\r\nhello\r\n");
  client.send("7;ext=1\r\n, world\r\n0\r\nX-Trailer: 1\r\n\r\n");

  EXPECT_EQ(body_of(client.read_response()), "ok");
  EXPECT_EQ(length_in(sink.head()), 12u);
  EXPECT_EQ(sink.body(), "hello, world");
  EXPECT_THAT(sink.head(), Not(HasSubstr("Transfer-Encoding")));
}

TEST_F(RequestBodyTest, AChunkedBodyIsStreamedInChunksOfOurOwn) {
  location().policies.proxy.request_buffering = false;
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send(kChunkedPost);
  client.send("5;ext=1\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n");

  EXPECT_EQ(body_of(client.read_response()), "ok");
  EXPECT_THAT(sink.head(), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(sink.body(), "5\r\nhello\r\n0\r\n\r\n");
}

TEST_F(RequestBodyTest, ALargeChunkedBodyGoesThroughATemporaryFile) {
  Proxy proxy(rules);
  Wire client = proxy.connect();
  const std::string piece = pattern(50000);

  client.send(kChunkedPost);
  std::string whole;
  for (int i = 0; i < 40; ++i) {
    client.send("c350\r\n" + piece + "\r\n");
    whole += piece;
  }
  client.send("0\r\n\r\n");

  EXPECT_EQ(body_of(client.read_response()), "ok");
  EXPECT_TRUE(sink.body() == whole);
}

TEST_F(RequestBodyTest, AChunkedBodyAboveTheLimitGives413) {
  for (const bool buffering : {true, false}) {
    location().policies.proxy.request_buffering = buffering;
    location().policies.proxy.body_size = 10;
    Proxy proxy(rules);
    Wire client = proxy.connect();

    client.send(kChunkedPost);
    client.send("8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n");

    EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 413 "));
    EXPECT_TRUE(client.wait_for_close());
  }
}

TEST_F(RequestBodyTest, AMalformedChunkGives400) {
  for (const bool buffering : {true, false}) {
    location().policies.proxy.request_buffering = buffering;
    Proxy proxy(rules);
    Wire client = proxy.connect();

    client.send(kChunkedPost);
    client.send("zz\r\nhello\r\n0\r\n\r\n");

    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 400 "));
  }
}

TEST_F(RequestBodyTest, NothingIsSentUpBeforeABufferedBodyIsComplete) {
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send(post(10));
  client.send("12345");
  EXPECT_TRUE(eventually([&] { return proxy.server.stats().writing == 1; }));
  EXPECT_EQ(sink.connections(), 0);
  client.send("67890");

  EXPECT_EQ(body_of(client.read_response()), "ok");
}

TEST_F(RequestBodyTest, AStreamedBodyGoesUpWhileItArrives) {
  FakeUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    if (wire.read_exactly(5) == "12345") wire.send("HTTP/1.1 102 Processing\r\n\r\n");
    if (wire.read_exactly(5) == "67890") wire.send(kOk);
  });
  rules.backend("web", {upstream.port()});
  location().policies.proxy.request_buffering = false;
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send(post(10));
  client.send("12345");
  EXPECT_TRUE(eventually([&] { return upstream.connections() == 1; }));
  client.send("67890");

  EXPECT_EQ(body_of(client.read_response()), "ok");
}

TEST_F(RequestBodyTest, AClientThatExpectsItGetsTheGoAheadOnlyAfterTheDecisions) {
  rules.add("a.example", "/closed", "web").policies.deny.reason = "auth-url-planned";
  for (const bool buffering : {true, false}) {
    for (model::Location& one : rules.host("a.example").locations) one.policies.proxy.request_buffering = buffering;
    Proxy proxy(rules);
    Wire client = proxy.connect();
    client.send(post(5, "Expect: 100-continue\r\n"));
    EXPECT_EQ(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_EQ(body_of(client.read_response()), "ok");
    EXPECT_THAT(sink.head(), Not(HasSubstr("Expect")));

    Wire refused = proxy.connect();
    refused.send("POST /closed HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_THAT(refused.read_response(), StartsWith("HTTP/1.1 503 "));
    EXPECT_TRUE(refused.wait_for_close());
  }
}

TEST_F(RequestBodyTest, ASlowBodyGives408) {
  rules.settings.client_body_timeout = std::chrono::seconds(1);
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send(post(10));
  client.send("12345");

  EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(RequestBodyTest, ARequestBehindABodyIsServedNext) {
  for (const bool buffering : {true, false}) {
    location().policies.proxy.request_buffering = buffering;
    Proxy proxy(rules);
    Wire client = proxy.connect();
    const int before = sink.requests();

    client.send(post(5) + "hello" + kChunkedPost + "2\r\nhi\r\n0\r\n\r\n" + post(3) + "end");

    for (int i = 0; i < 3; ++i) EXPECT_EQ(body_of(client.read_response()), "ok");
    EXPECT_EQ(sink.requests() - before, 3);
    EXPECT_EQ(sink.body(), "end");
  }
}

TEST_F(RequestBodyTest, AnAnswerOfOurOwnReadsASmallBodyAwayAndKeepsTheConnection) {
  rules.add("a.example", "/closed", "web").policies.deny.reason = "auth-url-planned";
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send("POST /closed HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 503 "));
  client.send(post(2) + "hi");

  EXPECT_EQ(body_of(client.read_response()), "ok");
}

TEST_F(RequestBodyTest, AnAnswerOfOurOwnToALargeBodyEndsTheConnectionAndIsRead) {
  rules.add("a.example", "/closed", "web").policies.deny.reason = "auth-url-planned";
  Proxy proxy(rules);
  Wire client = proxy.connect();

  client.send("POST /closed HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\n");
  client.send(pattern(1000000));

  const std::string response = client.read_response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
}

TEST_F(RequestBodyTest, AnEarlyAnswerOfTheEndpointIsPassedOn) {
  FakeUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    wire.read_all();
  });
  rules.backend("web", {upstream.port()});
  for (const bool buffering : {true, false}) {
    location().policies.proxy.request_buffering = buffering;
    Proxy proxy(rules);
    Wire client = proxy.connect();

    client.send(post(20'000'000));
    std::thread sending([&] { client.send(pattern(buffering ? 20'000'000 : 100'000)); });
    const std::string response = client.read_response();
    sending.join();

    EXPECT_THAT(response, StartsWith("HTTP/1.1 401 "));
    EXPECT_EQ(body_of(response), "no");
  }
}

}  // namespace
}  // namespace weir::proxy::test
