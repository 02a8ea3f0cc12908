// custom-headers, add-headers, proxy-set-headers, proxy-redirect-*, proxy-cookie-* on the wire.
#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HeaderMapTest : public ::testing::Test {
 protected:
  HeaderMapTest() {
    rules.add("a.example", "/", "web");
    rules.backend("web", {upstream.port()});
  }
  features::Policies& policies() { return rules.host("a.example").locations.front().policies; }
  std::string upstream_saw() {
    std::lock_guard lock(mutex);
    return seen;
  }
  static std::string get(std::string_view path = "/", std::string_view fields = {}) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a.example\r\n" + std::string(fields) + "\r\n";
  }

  std::string fields = "X-Over: upstream\r\n";
  FakeUpstream upstream{[this](Wire& wire, int) {
    for (std::string head = wire.read_head(); !head.empty(); head = wire.read_head()) {
      {
        std::lock_guard lock(mutex);
        seen = head;
      }
      wire.send("HTTP/1.1 302 Found\r\nContent-Length: 2\r\n" + fields + "\r\nok");
    }
  }};
  std::mutex mutex;
  std::string seen;
  Rules rules;
};

TEST_F(HeaderMapTest, CustomHeadersReplaceTheUpstreamsOnEveryStatus) {
  policies().custom_headers.fields = {{"X-Over", "$host"}, {"X-New", "n"}};
  Proxy proxy(rules);
  const std::string response = proxy.get(get());

  EXPECT_THAT(response, AllOf(HasSubstr("X-Over: $host\r\n"), Not(HasSubstr("upstream")), HasSubstr("X-New: n\r\n")));
  rules.backend("web", {});
  proxy.publish(rules);
  EXPECT_THAT(proxy.get(get()), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("X-New: n\r\n")));
}

TEST_F(HeaderMapTest, AddHeadersAreOnEveryResponseOfTheProxy) {
  rules.settings.add_headers = {{"X-Host", "h=$host s=$status"}, {"X-Over", "added"}, {"X-None", "$http_nothing"}};
  Proxy proxy(rules);

  EXPECT_THAT(proxy.get(get()), AllOf(HasSubstr("X-Host: h=a.example s=302\r\n"), HasSubstr("X-Over: added\r\n"),
                                      Not(HasSubstr("X-Over: upstream")), Not(HasSubstr("X-None"))));
  EXPECT_THAT(proxy.get("GET / HTTP/1.1\r\nHost: nobody\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 404"), HasSubstr("X-Host: h=nobody s=404\r\n")));
}

TEST_F(HeaderMapTest, ALocationsCustomHeadersComeOnTopOfAddedOnes) {
  rules.settings.add_headers = {{"X-Over", "added"}, {"X-Added", "a"}};
  policies().custom_headers.fields = {{"X-Over", "custom"}};
  Proxy proxy(rules);

  EXPECT_THAT(proxy.get(get()),
              AllOf(HasSubstr("X-Over: custom\r\n"), Not(HasSubstr("X-Over: added")), HasSubstr("X-Added: a\r\n")));
}

TEST_F(HeaderMapTest, AnEscapedLineEndInAPathSplitsNoHeader) {
  rules.settings.add_headers = {{"X-Path", "$uri"}};
  rules.settings.proxy_set_headers = {{"X-Path", "$uri"}};
  Proxy proxy(rules);

  EXPECT_THAT(proxy.get(get("/a%0d%0aX-Evil:%20b")), AllOf(HasSubstr("X-Path: /aX-Evil: b\r\n")));
  EXPECT_THAT(upstream_saw(), HasSubstr("X-Path: /aX-Evil: b\r\n"));
}

TEST_F(HeaderMapTest, ProxySetHeadersReplaceTheClientsAndWeirsOwn) {
  rules.settings.proxy_set_headers = {{"X-Real-IP", "r=$remote_addr"},
                                      {"X-Mine", "$request_method"},
                                      {"User-Agent", ""},
                                      {"X-Forwarded-For", "f"},
                                      {"Host", "inner.example"}};
  Proxy proxy(rules);
  proxy.get(get("/", "X-Mine: client\r\nUser-Agent: curl\r\nX-Other: o\r\n"));
  const std::string saw = upstream_saw();

  EXPECT_THAT(saw, AllOf(HasSubstr("X-Real-IP: r=127.0.0.1\r\n"), HasSubstr("X-Mine: GET\r\n"),
                         HasSubstr("X-Forwarded-For: f\r\n"), HasSubstr("Host: inner.example\r\n"),
                         HasSubstr("X-Other: o\r\n")));
  EXPECT_THAT(saw, AllOf(Not(HasSubstr("client")), Not(HasSubstr("curl")), Not(HasSubstr("\r\nHost: a.example"))));
  for (const char* name : {"X-Real-IP:", "X-Forwarded-For:", "\r\nHost:"}) {
    EXPECT_EQ(saw.find(name), saw.rfind(name)) << name << " is sent once";
  }
}

TEST_F(HeaderMapTest, LocationRefreshAndCookiesAreRewritten) {
  fields =
      "Location: http://in.example/x\r\nRefresh: 3; url=http://in.example/y\r\nSet-Cookie: a=1; Path=/in/a; "
      "Domain=in.example\r\nX-Between: b\r\nSet-Cookie: c=2; Path=/other\r\n";
  policies().cookies_redirects = {"http://in.example/", "https://a.example/", "in.example a.example", "/in /"};
  Proxy proxy(rules);

  EXPECT_THAT(proxy.get(get()),
              HasSubstr("Location: https://a.example/x\r\nRefresh: 3; url=https://a.example/y\r\nSet-Cookie: a=1; "
                        "Path=//a; Domain=a.example\r\nX-Between: b\r\nSet-Cookie: c=2; Path=/other\r\n"));
}

}  // namespace
}  // namespace weir::proxy::test
