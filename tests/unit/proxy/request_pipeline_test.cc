#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-From: upstream\r\nServer: secret\r\n\r\nhello";

TEST(RequestPipeline, AGetReachesItsEndpointAndItsAnswerComesBack) {
  std::string seen;
  FakeUpstream upstream([&](Wire& wire, int) {
    seen = wire.read_head();
    wire.send(kHello);
  });
  Rules rules;
  rules.add("a.example", "/", "web");
  rules.backend("web", {upstream.port()});
  Proxy proxy(rules);

  const std::string response = proxy.get("GET /x?y=1 HTTP/1.1\r\nHost: A.example\r\nX-Mine: 1\r\n\r\n");

  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("X-From: upstream\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nDate: "));
  EXPECT_THAT(response, Not(HasSubstr("secret")));
  EXPECT_EQ(body_of(response), "hello");
  EXPECT_THAT(seen, StartsWith("GET /x?y=1 HTTP/1.1\r\nHost: A.example\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Mine: 1\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Proto: http\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Real-IP: 127.0.0.1\r\n"));
}

}  // namespace
}  // namespace weir::proxy::test
