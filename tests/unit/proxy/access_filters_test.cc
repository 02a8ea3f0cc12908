// IP lists, blocked clients, CORS and rate limits as requests meet them, in the order of spec 0.1.
#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace weir::proxy::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

base::CidrSet set_of(std::string_view list) {
  return base::parse_cidr_set(list).set;
}

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    rules.settings.enable_real_ip = true;  // tests name their client in X-Forwarded-For
    rules.add("a.example", "/", "web");
    rules.backend("web", {upstream.port()});
  }
  features::Policies& policies() { return rules.host("a.example").locations.front().policies; }
  static std::string request(std::string_view method, std::string_view client, std::string_view fields = {}) {
    return std::string(method) + " / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: " + std::string(client) + "\r\n" +
           std::string(fields) + "\r\n";
  }
  static std::string get(std::string_view client, std::string_view fields = {}) {
    return request("GET", client, fields);
  }
  static int status_of(const std::string& response) {
    return response.size() > 12 ? std::atoi(response.c_str() + 9) : 0;
  }
  int ask(const Proxy& proxy, std::string_view client, std::string_view fields = {}) {
    return status_of(proxy.get(get(client, fields)));
  }

  FakeUpstream upstream{FakeUpstream::answering(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAccess-Control-Allow-Origin: https://of.the.upstream\r\n\r\nok")};
  Rules rules;
};

TEST_F(AccessTest, AClientThatIsNotListedGets403) {
  policies().ip_access.allow = set_of("10.0.0.0/8");
  policies().ip_access.deny = set_of("10.9.0.0/16");
  Proxy proxy(rules);

  EXPECT_EQ(ask(proxy, "10.1.1.1"), 200);
  EXPECT_EQ(ask(proxy, "10.9.1.1"), 403);
  EXPECT_EQ(ask(proxy, "192.0.2.1"), 403);
}

TEST_F(AccessTest, AListHidesNeitherTheHttpsRedirectNorAMissingEndpoint) {
  policies().ip_access.allow = set_of("10.0.0.0/8");
  policies().https_redirect.force = true;
  Proxy redirecting(rules);
  EXPECT_EQ(ask(redirecting, "192.0.2.1"), 308);

  policies().https_redirect.force = false;
  rules.backend("web", {});
  Proxy without(rules);
  EXPECT_EQ(ask(without, "192.0.2.1"), 503);
}

TEST_F(AccessTest, BlockedClientsGet403OnAnyHostBeforeALocationIsChosen) {
  rules.settings.block_user_agents = {"BadBot", "~*crawler"};
  rules.settings.block_referers = {"~spam"};
  policies().redirect.url = "https://x.example/";
  Proxy proxy(rules);

  EXPECT_EQ(ask(proxy, "10.0.0.1", "User-Agent: badbot\r\n"), 403);
  EXPECT_EQ(ask(proxy, "10.0.0.1", "User-Agent: my Crawler\r\n"), 403);
  EXPECT_EQ(ask(proxy, "10.0.0.1", "Referer: http://spam.example/\r\n"), 403);
  EXPECT_EQ(status_of(proxy.get("GET / HTTP/1.1\r\nHost: other.example\r\nUser-Agent: badbot\r\n\r\n")), 403);
  EXPECT_EQ(ask(proxy, "10.0.0.1", "User-Agent: good\r\nReferer: http://a/\r\n"), 301);
}

TEST_F(AccessTest, AnExpressionThatDoesNotCompileClosesEverything) {
  rules.settings.block_user_agents = {"~[bot"};
  Proxy proxy(rules);

  EXPECT_EQ(ask(proxy, "10.0.0.1"), 503);
}

TEST_F(AccessTest, APreflightIsAnsweredBeforeEverythingElse) {
  policies().cors.enabled = true;
  policies().ip_access.allow = set_of("10.0.0.0/8");
  policies().https_redirect.force = true;
  rules.backend("web", {});
  Proxy proxy(rules);
  const std::string answer = proxy.get(request("OPTIONS", "192.0.2.1"));

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain charset=UTF-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(answer, HasSubstr("Access-Control-Allow-Origin: *\r\n"
                                "Access-Control-Allow-Credentials: true\r\n"
                                "Access-Control-Allow-Methods: GET, PUT, POST, DELETE, PATCH, OPTIONS\r\n"
                                "Access-Control-Allow-Headers: DNT,Keep-Alive,User-Agent,X-Requested-With,"
                                "If-Modified-Since,Cache-Control,Content-Type,Range,Authorization\r\n"
                                "Access-Control-Max-Age: 1728000\r\n"));
}

TEST_F(AccessTest, EveryResponseSaysWhoMayReadItAndTheUpstreamsWordIsReplaced) {
  policies().cors.enabled = true;
  policies().cors.expose_headers = "X-A";
  policies().cors.allow_credentials = false;
  policies().ip_access.allow = set_of("10.0.0.0/8");
  Proxy proxy(rules);

  const std::string response = proxy.get(get("10.0.0.1"));
  EXPECT_THAT(response, AllOf(HasSubstr("Access-Control-Allow-Origin: *\r\n"), Not(HasSubstr("of.the.upstream")),
                              HasSubstr("Access-Control-Expose-Headers: X-A\r\n"), Not(HasSubstr("Credentials"))));
  EXPECT_THAT(proxy.get(get("192.0.2.1")),
              AllOf(StartsWith("HTTP/1.1 403"), HasSubstr("Access-Control-Allow-Origin: *")));
}

TEST_F(AccessTest, AnOriginThatIsNotListedIsLeftToTheUpstream) {
  policies().cors.enabled = true;
  policies().cors.any_origin = false;
  policies().cors.origins = {"https://*.b.example"};
  Proxy proxy(rules);

  EXPECT_THAT(proxy.get(get("10.0.0.1", "Origin: https://X.b.example\r\n")),
              HasSubstr("Access-Control-Allow-Origin: https://X.b.example\r\n"));
  EXPECT_THAT(proxy.get(get("10.0.0.1", "Origin: https://evil.example\r\n")), HasSubstr("of.the.upstream"));
  EXPECT_THAT(proxy.get(get("10.0.0.1")), Not(HasSubstr("Access-Control-Max-Age")));
  EXPECT_THAT(proxy.get(request("OPTIONS", "10.0.0.1", "Origin: https://evil.example\r\n")),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("of.the.upstream")));
  EXPECT_THAT(proxy.get(request("OPTIONS", "10.0.0.1", "Origin: https://x.b.example\r\n")), StartsWith("HTTP/1.1 204"));
}

TEST_F(AccessTest, ADeniedLocationSaysNothingAboutOrigins) {
  policies().cors.enabled = true;
  policies().deny.reason = "x-invalid";
  Proxy proxy(rules);

  EXPECT_THAT(proxy.get(request("OPTIONS", "10.0.0.1")),
              AllOf(StartsWith("HTTP/1.1 503"), Not(HasSubstr("Access-Control"))));
}

TEST_F(AccessTest, ABurstPassesAndWhatIsMoreGets503WhateverTheWorker) {
  policies().rate_limit.rpm = 3;
  policies().rate_limit.burst_multiplier = 2;
  Proxy proxy(rules, 3);
  int passed = 0;
  for (int i = 0; i < 30; ++i) passed += ask(proxy, "10.0.0.1") == 200 ? 1 : 0;

  EXPECT_EQ(passed, 7);  // 3 x 2 + 1
  EXPECT_EQ(ask(proxy, "10.0.0.2"), 200) << "another client";
}

TEST_F(AccessTest, TheCountSurvivesANewTable) {
  policies().rate_limit.rpm = 1;
  policies().rate_limit.burst_multiplier = 0;
  Proxy proxy(rules);
  EXPECT_EQ(ask(proxy, "10.0.0.1"), 200);
  rules.add("b.example", "/", "web");
  proxy.publish(rules);

  EXPECT_EQ(ask(proxy, "10.0.0.1"), 503);
}

TEST_F(AccessTest, TheStatusOfALimitIsASetting) {
  rules.settings.limit_req_status = 429;
  policies().rate_limit.rps = 1;
  policies().rate_limit.rpm = 1;
  policies().rate_limit.burst_multiplier = 0;
  Proxy proxy(rules);
  EXPECT_EQ(ask(proxy, "10.0.0.1"), 200);

  EXPECT_EQ(ask(proxy, "10.0.0.1"), 429);
}

TEST_F(AccessTest, ClientsOfTheAllowListAreNotLimited) {
  policies().rate_limit.rpm = 1;
  policies().rate_limit.burst_multiplier = 0;
  policies().rate_limit.allow = set_of("10.0.0.0/8");
  Proxy proxy(rules);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(proxy, "10.0.0.1"), 200);
  EXPECT_EQ(ask(proxy, "192.0.2.1"), 200);
  EXPECT_EQ(ask(proxy, "192.0.2.1"), 503);
}

TEST_F(AccessTest, LimitsComeBeforeListsAndAfterPreflights) {
  policies().rate_limit.rpm = 1;
  policies().rate_limit.burst_multiplier = 0;
  policies().ip_access.allow = set_of("10.0.0.0/8");
  policies().cors.enabled = true;
  Proxy proxy(rules);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of(proxy.get(request("OPTIONS", "192.0.2.1"))), 204);

  EXPECT_EQ(ask(proxy, "192.0.2.1"), 403) << "preflights are not counted";
  EXPECT_EQ(ask(proxy, "192.0.2.1"), 503);
}

TEST_F(AccessTest, WhatTellsClientsApartIsASetting) {
  rules.settings.limit_key = "$http_x_user$binary_remote_addr";
  policies().rate_limit.rpm = 1;
  policies().rate_limit.burst_multiplier = 0;
  Proxy proxy(rules);
  EXPECT_EQ(ask(proxy, "10.0.0.1", "X-User: a\r\n"), 200);
  EXPECT_EQ(ask(proxy, "10.0.0.1", "X-User: b\r\n"), 200);
  EXPECT_EQ(ask(proxy, "10.0.0.1", "X-User: a\r\n"), 503);

  rules.settings.limit_key = "$http_x_user";
  proxy.publish(rules);
  EXPECT_EQ(ask(proxy, "10.0.0.1"), 200) << "nobody to count";
  EXPECT_EQ(ask(proxy, "10.0.0.1"), 200);
}

TEST_F(AccessTest, OnlySoManyRequestsOfAClientAreServedAtOnce) {
  std::atomic<bool> let_go{false};
  FakeUpstream slow([&](Wire& wire, int) {
    while (!wire.read_head().empty()) {
      eventually([&] { return let_go.load(); });
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  rules.backend("web", {slow.port()});
  rules.settings.limit_conn_status = 429;
  policies().rate_limit.connections = 2;
  Proxy proxy(rules, 2);
  Wire first = proxy.connect();
  Wire second = proxy.connect();
  first.send(get("10.0.0.1"));
  second.send(get("10.0.0.1"));
  ASSERT_TRUE(eventually([&] { return slow.connections() == 2; }));

  EXPECT_EQ(ask(proxy, "10.0.0.1"), 429);
  second.reset();  // a client that leaves makes room
  EXPECT_TRUE(eventually([&] {
    Wire third = proxy.connect();
    third.send(get("10.0.0.1"));
    const bool over = slow.connections() < 3;
    third.reset();
    return !over;
  }));
  let_go = true;
  EXPECT_THAT(first.read_response(), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(eventually([&] { return ask(proxy, "10.0.0.1") == 200; }));
}

}  // namespace
}  // namespace weir::proxy::test
