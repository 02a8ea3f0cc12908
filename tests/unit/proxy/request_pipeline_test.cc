#include "unit/proxy/harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kHello =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-From: upstream\r\nServer: secret\r\n\r\nhello";

std::string get(const std::string& host, const std::string& target, const std::string& fields = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
}

// An endpoint that remembers the last head and answers "hello".
class Hello {
 public:
  Hello()
      : upstream_([this](Wire& wire, int) {
          for (std::string head = wire.read_head(); !head.empty(); head = wire.read_head()) {
            {
              std::lock_guard lock(mutex_);
              seen_ = head;
            }
            if (!wire.send(kHello)) return;
          }
        }) {}
  std::uint16_t port() const { return upstream_.port(); }
  std::string seen() {
    std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  std::mutex mutex_;
  std::string seen_;
  FakeUpstream upstream_;
};

class RequestPipelineTest : public ::testing::Test {
 protected:
  RequestPipelineTest() { rules.backend("web", {hello.port()}); }

  std::string ask(const std::string& request) { return Proxy(rules).get(request); }

  Hello hello;
  Rules rules;
};

TEST_F(RequestPipelineTest, AGetReachesItsEndpointAndItsAnswerComesBack) {
  rules.add("a.example", "/", "web");

  const std::string response = ask(get("A.example", "/x?y=1", "X-Mine: 1\r\n"));

  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(response, HasSubstr("X-From: upstream\r\n"));
  EXPECT_THAT(response, HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_THAT(response, Not(HasSubstr("secret")));
  EXPECT_EQ(body_of(response), "hello");
  EXPECT_THAT(hello.seen(), StartsWith("GET /x?y=1 HTTP/1.1\r\nHost: A.example\r\n"));
  EXPECT_THAT(hello.seen(), HasSubstr("X-Mine: 1\r\n"));
}

TEST_F(RequestPipelineTest, TheEndpointSeesTheHeadersOfSpec51AndNotTheClientsOwn) {
  rules.add("a.example", "/", "web");

  ask(get("a.example:8080", "/a%2Fb//c",
          "X-Forwarded-For: 9.9.9.9\r\nX-Real-IP: 8.8.8.8\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n"
          "Proxy: http://evil\r\nTE: trailers\r\nConnection: keep-alive, X-Gone\r\nX-Gone: 1\r\nX_Under: 1\r\n"
          "Accept-Encoding: gzip\r\n"));

  const std::string seen = hello.seen();
  EXPECT_THAT(seen, StartsWith("GET /a%2Fb//c HTTP/1.1\r\nHost: a.example:8080\r\n"));
  EXPECT_THAT(seen, ContainsRegex("X-Request-ID: [0-9a-f]+\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Real-IP: 127.0.0.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-For: 127.0.0.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Host: a.example:8080\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Proto: http\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Scheme: http\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Scheme: http\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Original-Forwarded-For: 9.9.9.9\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Original-Forwarded-Host: evil\r\n"));
  EXPECT_THAT(seen, HasSubstr("Accept-Encoding: gzip\r\n"));
  for (const char* gone : {"8.8.8.8", "Proxy:", "TE:", "X-Gone", "X_Under", "Connection:"}) {
    EXPECT_THAT(seen, Not(HasSubstr(gone)));
  }
}

TEST_F(RequestPipelineTest, TheClientsRequestIdIsKept) {
  rules.add("a.example", "/", "web");

  ask(get("a.example", "/", "X-Request-ID: mine-1\r\n"));

  EXPECT_THAT(hello.seen(), HasSubstr("X-Request-ID: mine-1\r\n"));
}

TEST_F(RequestPipelineTest, ForwardedHeadersAreBelievedWhereTheConfigMapSaysSo) {
  rules.settings.use_forwarded_headers = true;
  rules.settings.compute_full_forwarded_for = true;
  rules.add("a.example", "/", "web");

  ask(get("a.example", "/",
          "X-Forwarded-For: 1.2.3.4, 5.6.7.8\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: front.example, x\r\n"
          "X-Forwarded-Port: 8443\r\n"));

  const std::string seen = hello.seen();
  EXPECT_THAT(seen, HasSubstr("Host: front.example\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Real-IP: 1.2.3.4\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-For: 1.2.3.4, 5.6.7.8, 127.0.0.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Proto: https\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Forwarded-Port: 8443\r\n"));
}

TEST_F(RequestPipelineTest, UpstreamVhostReplacesHostButNotForwardedHost) {
  rules.add("a.example", "/", "web").policies.upstream_host.value = "inner.example";

  ask(get("a.example", "/"));

  EXPECT_THAT(hello.seen(), HasSubstr("\r\nHost: inner.example\r\n"));
  EXPECT_THAT(hello.seen(), HasSubstr("X-Forwarded-Host: a.example\r\n"));
}

TEST_F(RequestPipelineTest, AnUnknownHostGetsTheBuiltIn404Page) {
  const std::string response = ask(get("nobody.example", "/"));

  EXPECT_THAT(response, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Type: text/html\r\n"));
  EXPECT_THAT(response, HasSubstr("<title>404 Not Found</title>"));
  EXPECT_THAT(response, HasSubstr("<center>nginx</center>"));
}

TEST_F(RequestPipelineTest, ABackendWithoutEndpointsGives503) {
  rules.add("a.example", "/", "empty");
  rules.backend("empty", {});

  EXPECT_THAT(ask(get("a.example", "/")), HasSubstr("<title>503 Service Temporarily Unavailable</title>"));
}

TEST_F(RequestPipelineTest, ADeniedLocationGives503BeforeItsRedirect) {
  model::Location& location = rules.add("a.example", "/", "web");
  location.policies.deny.reason = "auth-url-planned";
  location.policies.redirect.url = "http://elsewhere.example";

  EXPECT_THAT(ask(get("a.example", "/")), StartsWith("HTTP/1.1 503 "));
}

TEST_F(RequestPipelineTest, ARedirectWinsOverTheHttpsRedirect) {
  model::Location& location = rules.add("a.example", "/", "web");
  location.policies.redirect.url = "http://elsewhere.example/x";
  location.policies.redirect.code = 302;
  location.policies.https_redirect.force = true;

  const std::string response = ask(get("a.example", "/y?z=1"));

  EXPECT_THAT(response, StartsWith("HTTP/1.1 302 "));
  EXPECT_THAT(response, HasSubstr("Location: http://elsewhere.example/x\r\n"));
}

TEST_F(RequestPipelineTest, ARedirectToAPathBecomesAbsoluteUnlessRelativeRedirectsAreOn) {
  model::Location& location = rules.add("a.example", "/", "web");
  location.policies.redirect.url = "/new";
  EXPECT_THAT(ask(get("A.example:81", "/")), HasSubstr("Location: http://a.example/new\r\n"));

  rules.settings.relative_redirects = true;
  EXPECT_THAT(ask(get("a.example", "/")), HasSubstr("Location: /new\r\n"));
}

TEST_F(RequestPipelineTest, TheHttpsRedirectKeepsTheRawTargetWithoutItsLastSlash) {
  model::Location& location = rules.add("a.example", "/", "web");
  location.policies.https_redirect.force = true;

  const std::string response = ask(get("a.example:8080", "/a%20b/?x=/"));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 308 Permanent Redirect\r\n"));
  EXPECT_THAT(response, HasSubstr("Location: https://a.example/a%20b/?x=\r\n"));
  EXPECT_THAT(response, HasSubstr("<title>308 Permanent Redirect</title>"));

  location.policies.https_redirect.preserve_trailing_slash = true;
  location.policies.https_redirect.use_port = true;
  EXPECT_THAT(ask(get("a.example", "/a/")), HasSubstr("Location: https://a.example:443/a/\r\n"));
}

TEST_F(RequestPipelineTest, AForwardedSchemeOfHttpsNeedsNoRedirect) {
  rules.settings.use_forwarded_headers = true;
  rules.add("a.example", "/", "web").policies.https_redirect.force = true;

  EXPECT_THAT(ask(get("a.example", "/", "X-Forwarded-Proto: https\r\n")), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask(get("a.example", "/", "X-Forwarded-Proto: http\r\n")), StartsWith("HTTP/1.1 308 "));
}

TEST_F(RequestPipelineTest, AppRootRedirectsTheRootOfTheHostWithItsHostHeader) {
  rules.add("a.example", "/", "web").policies.https_redirect.force = true;
  rules.host("a.example").app_root = "/app";

  EXPECT_THAT(ask(get("A.example:8080", "/?q=1")),
              AllOf(StartsWith("HTTP/1.1 302 "), HasSubstr("Location: http://A.example:8080/app\r\n")));
  EXPECT_THAT(ask(get("a.example", "/other")), StartsWith("HTTP/1.1 308 "));
}

TEST_F(RequestPipelineTest, TheWwwHostRedirectsWithItsPort) {
  rules.add("a.example", "/", "web");
  rules.host("www.a.example").www_redirect_to = "a.example";
  Proxy proxy(rules);

  const std::string port = std::to_string(proxy.server.http_port());
  EXPECT_THAT(proxy.get(get("www.a.example", "/x/?y")),
              AllOf(StartsWith("HTTP/1.1 308 "), HasSubstr("Location: http://a.example:" + port + "/x/?y\r\n")));
}

TEST_F(RequestPipelineTest, APathWithoutItsFinalSlashIsRedirected) {
  rules.add("a.example", "/p/", "web");

  EXPECT_THAT(ask(get("a.example", "/p?x=1")), AllOf(StartsWith("HTTP/1.1 301 Moved Permanently\r\n"),
                                                     HasSubstr("Location: http://a.example/p/?x=1\r\n")));
}

TEST_F(RequestPipelineTest, ARewriteReplacesThePathAndKeepsTheQuery) {
  model::Host& host = rules.host("a.example");
  model::Location& location = rules.add("a.example", "/something(/|$)(.*)", "web");
  location.policies.rewrite.target = "/$2";
  location.policies.rewrite.forwarded_prefix = "/something";
  rules.host("a.example").regex_mode = true;
  (void)host;

  ask(get("a.example", "/something/new%20one?x=1"));

  EXPECT_THAT(hello.seen(), StartsWith("GET /new%20one?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(hello.seen(), HasSubstr("X-Forwarded-Prefix: /something\r\n"));
}

TEST_F(RequestPipelineTest, ADeclaredBodyAboveTheLimitGives413BeforeAnyRedirect) {
  model::Location& location = rules.add("a.example", "/", "web");
  location.policies.redirect.url = "http://elsewhere.example";
  location.policies.proxy.body_size = 10;

  const std::string response = ask("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 11\r\n\r\nhello world");
  EXPECT_THAT(response, HasSubstr("<title>413 Request Entity Too Large</title>"));
}

TEST_F(RequestPipelineTest, HealthChecksOfTheCatchAllHostAreAnsweredHere) {
  EXPECT_THAT(ask(get("x", "/healthz")), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Length: 0\r\n")));
  EXPECT_THAT(ask(get("x", "/nginx_status")), HasSubstr("Active connections: 1 \n"));
  rules.add("a.example", "/", "web");
  ask(get("a.example", "/healthz"));
  EXPECT_THAT(hello.seen(), StartsWith("GET /healthz "));
}

TEST_F(RequestPipelineTest, TheStatusPageIsForLoopbackOnly) {
  rules.settings.use_forwarded_headers = true;
  EXPECT_THAT(ask(get("x", "/nginx_status", "X-Forwarded-For: 1.2.3.4\r\n")), StartsWith("HTTP/1.1 403 Forbidden"));
}

TEST_F(RequestPipelineTest, TraceIsNotAllowed) {
  rules.add("a.example", "/", "web");
  EXPECT_THAT(ask("TRACE / HTTP/1.1\r\nHost: a.example\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(RequestPipelineTest, AnExternalNameIsResolvedWhenItIsNeeded) {
  rules.add("a.example", "/", "ext");
  model::Backend external;
  external.name = "ext";
  external.external_name = "localhost";
  external.external_port = hello.port();
  external.state = model::BackendState::ready;
  rules.model.backends.insert(rules.model.backends.begin(), external);

  EXPECT_EQ(body_of(ask(get("a.example", "/"))), "hello");
}

TEST_F(RequestPipelineTest, AnExternalNameWithoutAnAddressGives503) {
  rules.add("a.example", "/", "ext");
  model::Backend external;
  external.name = "ext";
  external.external_name = "no-such-name.invalid.";
  external.external_port = 80;
  external.state = model::BackendState::ready;
  rules.model.backends.insert(rules.model.backends.begin(), external);

  EXPECT_THAT(ask(get("a.example", "/")), StartsWith("HTTP/1.1 503 "));
}

TEST_F(RequestPipelineTest, HideHeadersAreDropped) {
  rules.settings.hide_headers = {"x-from"};
  rules.add("a.example", "/", "web");

  EXPECT_THAT(ask(get("a.example", "/")), Not(HasSubstr("X-From")));
}

}  // namespace
}  // namespace weir::proxy::test
