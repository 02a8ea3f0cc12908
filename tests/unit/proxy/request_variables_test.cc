// $variables of requests (spec 0.4), as an upstream sees them in proxy-set-headers and in the Host it gets.
#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace weir::proxy::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class RequestVariablesTest : public ::testing::Test {
 protected:
  RequestVariablesTest() {
    rules.add("a.example", "/", "web");
    rules.backend("web", {upstream.port()});
  }
  // What `text` says to the upstream for the request.
  std::string value(const char* text, std::string_view request) {
    rules.settings.proxy_set_headers = {{"X-Value", text}};
    return field("\r\nX-Value: ", request);
  }
  std::string field(std::string_view name, std::string_view request) {
    {
      Proxy proxy(rules);
      EXPECT_THAT(proxy.get(request), StartsWith("HTTP/1.1 200"));
    }
    std::lock_guard lock(mutex);
    const std::size_t at = seen.find(name);
    if (at == std::string::npos) return "(none)";
    const std::size_t begin = at + name.size();
    return seen.substr(begin, seen.find('\r', begin) - begin);
  }
  model::Location& location() { return rules.host("a.example").locations.front(); }

  static constexpr std::string_view kRequest =
      "GET /p%20q/x?a=1&Page=2%203 HTTP/1.1\r\nHost: A.example:8080\r\nX-Id: one\r\nX-Id: two\r\nCookie: s=v; "
      "t=w\r\n\r\n";

  std::mutex mutex;
  std::string seen;
  FakeUpstream upstream{[this](Wire& wire, int) {
    for (std::string head = wire.read_head(); !head.empty(); head = wire.read_head()) {
      {
        std::lock_guard lock(mutex);
        seen = head;
      }
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  }};
  Rules rules;
};

TEST_F(RequestVariablesTest, TheRequestLineAndHost) {
  EXPECT_EQ(value("$request_method $request_uri", kRequest), "GET /p%20q/x?a=1&Page=2%203");
  EXPECT_EQ(value("$uri$is_args$args", kRequest), "/p q/x?a=1&Page=2%203");
  EXPECT_EQ(value("$host|$http_host|$best_http_host", kRequest), "a.example|A.example:8080|A.example:8080");
  EXPECT_EQ(value("$scheme://$server_name $server_protocol", kRequest), "http://a.example HTTP/1.1");
  EXPECT_EQ(value("$escaped_request_uri", kRequest), "%2Fp%2520q%2Fx%3Fa%3D1%26Page%3D2%25203");
}

TEST_F(RequestVariablesTest, FieldsArgumentsAndCookies) {
  EXPECT_EQ(value("$http_x_id", kRequest), "one, two");
  EXPECT_EQ(value("[$arg_page][$arg_nothing]", kRequest), "[2%203][]");
  EXPECT_EQ(value("$cookie_t", kRequest), "w");
  EXPECT_EQ(value("$http_nothing", kRequest), "(none)");
}

TEST_F(RequestVariablesTest, TheLocationAndItsOwner) {
  location().owner = {"shop", "web-ingress", "web", "80"};
  EXPECT_EQ(value("$namespace/$ingress_name $service_name:$service_port $location_path", kRequest),
            "shop/web-ingress web:80 /");
  EXPECT_EQ(value("$proxy_upstream_name", kRequest), "web");
}

TEST_F(RequestVariablesTest, ASubdomainIsWhatAWildcardLeavesOpen) {
  rules.add("*.w.example", "/", "web");

  EXPECT_EQ(value("[$subdomain]", "GET / HTTP/1.1\r\nHost: one.w.example\r\n\r\n"), "[one]");
  EXPECT_EQ(value("[$subdomain]", kRequest), "[]");
}

TEST_F(RequestVariablesTest, WhatOnlyTheLogKnowsIsThereToo) {
  EXPECT_EQ(value("$connection_requests|$request", kRequest), "1|GET /p%20q/x?a=1&Page=2%203 HTTP/1.1");
}

TEST_F(RequestVariablesTest, TheMachineAndTheUpgradeAreKnown) {
  char name[256] = {};
  ASSERT_EQ(::gethostname(name, sizeof name - 1), 0);
  EXPECT_EQ(value("$hostname", kRequest), name);
  EXPECT_EQ(value("[$connection_upgrade]", kRequest), "[]");
  EXPECT_EQ(value("[$connection_upgrade]",
                  "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
            "[upgrade]");
  rules.settings.upstream_keepalive_connections = 0;
  EXPECT_EQ(value("[$connection_upgrade]", kRequest), "[close]");
}

TEST_F(RequestVariablesTest, TheUpstreamsHostIsFilledIn) {
  location().owner = {"shop", "web-ingress", "web", "80"};
  location().policies.upstream_host.value = "$service_name.$namespace.svc.cluster.local:8084";

  EXPECT_EQ(field("\r\nHost: ", kRequest), "web.shop.svc.cluster.local:8084");
}

TEST_F(RequestVariablesTest, ARewriteTakesCapturesAndOtherVariables) {
  location().path = "/p q/(.*)";
  location().policies.rewrite.target = "/$http_host/$1";
  rules.host("a.example").regex_mode = true;

  EXPECT_EQ(field("GET ", kRequest), "/A.example:8080/x?a=1&Page=2%203 HTTP/1.1");
}

TEST_F(RequestVariablesTest, CapturesOfAPathAreKnownOutsideOfRewrites) {
  location().path = "/([a-z])[^/]*/(.*)";
  location().policies.upstream_host.value = "$1.example";
  rules.host("a.example").regex_mode = true;

  EXPECT_EQ(field("\r\nHost: ", kRequest), "p.example");
}

TEST_F(RequestVariablesTest, AnAppRootIsFilledIn) {
  rules.host("a.example").app_root = "/app/$host";
  Proxy proxy(rules);

  EXPECT_THAT(proxy.get("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 302"), HasSubstr("Location: http://a.example/app/a.example\r\n")));
}

TEST_F(RequestVariablesTest, ALineEndInACaptureSplitsNoHeader) {
  location().path = "/([^ ]*)";
  location().policies.upstream_host.value = "$1";
  rules.host("a.example").regex_mode = true;

  const std::string host = field("\r\nHost: ", "GET /a%0d%0aX-Evil:b HTTP/1.1\r\nHost: a.example\r\n\r\n");

  EXPECT_EQ(host, "aX-Evil:b");
}

}  // namespace
}  // namespace weir::proxy::test
