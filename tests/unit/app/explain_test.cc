#include "app/explain.h"

#include "app/load_model.h"
#include "unit/app/manifest_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::app {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string run(const std::string& manifests, const ExplainRequest& request, model::Options options = {}) {
  test::ManifestFolder folder;
  folder.write("a.yaml", test::kObjects + manifests);
  const LoadedModel loaded = load_model({folder.path()}, options);
  const auto text = explain(view_of(loaded), options, request);
  return text ? *text : "error: " + text.error().text();
}

TEST(Explain, NamesTheWinnerTheLosersAndTheEndpoints) {
  const std::string text =
      run(test::ingress("root", "shop.example", "/") + test::ingress("api", "shop.example", "/api"),
          {"GET", "http://shop.example/api/users", {}});

  EXPECT_THAT(text,
              AllOf(HasSubstr("host          shop.example\n"), ContainsRegex("\\* prefix /api +default/api -> web:80"),
                    ContainsRegex("  prefix / +default/root -> web:80"), HasSubstr("backend       default-web-80"),
                    HasSubstr("endpoint      10.1.2.3:8080"), HasSubstr("proxied to default-web-80")));
}

TEST(Explain, ShowsRewritesAndWhereASettingComesFrom) {
  model::Options options;
  options.config_map = kube::ObjectName{"default", "weir"};
  const std::string text =
      run(test::ingress("api", "shop.example", "/api(/|$)(.*)", "rewrite-target: /$2", "ImplementationSpecific") +
              "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: weir}\ndata: {proxy-read-timeout: \"17\"}\n",
          {"GET", "shop.example/api/users?x=1", {}}, options);

  EXPECT_THAT(text, AllOf(HasSubstr("request line  GET /users?x=1\n"), HasSubstr("regex mode"),
                          ContainsRegex("rewrite-target +/\\$2 +annotation \"/\\$2\""),
                          ContainsRegex("proxy-read-timeout +17s? +ConfigMap key proxy-read-timeout"),
                          ContainsRegex("proxy-connect-timeout +5s? +default")));
}

TEST(Explain, SaysWhereARewriteTargetThatIsAUrlLeads) {
  EXPECT_THAT(run(test::ingress("away", "away.example", "/x/(.*)", "rewrite-target: \"https://b.example/$1\"",
                                "ImplementationSpecific"),
                  {"GET", "away.example/x/a%20b?q=1", {}}),
              HasSubstr("302 made by Weir (rewrite-redirect), Location: https://b.example/a%20b?q=1"));
}

TEST(Explain, SaysThatTlsIsPassedOnUnread) {
  model::Options options;
  options.ssl_passthrough = true;
  const std::string objects = test::ingress("a", "a.example", "/", "ssl-passthrough: \"true\"");

  EXPECT_THAT(
      run(objects, {"GET", "https://a.example/x", {}}, options),
      AllOf(HasSubstr("passed on unread (ssl-passthrough of default/a)"), HasSubstr("endpoint      10.1.2.3:8080"),
            HasSubstr("the TLS connection is passed on to default-web-80")));
  EXPECT_THAT(run(objects, {"GET", "http://a.example/x", {}}, options), HasSubstr("proxied to default-web-80"));
  EXPECT_THAT(run(objects, {"GET", "https://a.example/x", {}}), HasSubstr("proxied to default-web-80"));
}

TEST(Explain, SaysWhatEndsARequestBeforeTheUpstream) {
  EXPECT_THAT(run(test::ingress("a", "a.example", "/", "permanent-redirect: https://b.example/"),
                  {"GET", "http://a.example/", {}}),
              HasSubstr("301 made by Weir (redirect), Location: https://b.example/"));
  EXPECT_THAT(
      run(test::ingress("a", "a.example", "/", "force-ssl-redirect: \"true\""), {"GET", "http://a.example/x", {}}),
      HasSubstr("308 made by Weir (https-redirect), Location: https://a.example/x"));
  EXPECT_THAT(
      run(test::ingress("a", "a.example", "/", "auth-url: http://auth.example/"), {"GET", "http://a.example/", {}}),
      HasSubstr("depends on the filter external-auth, which asks another server"));
  EXPECT_THAT(run("", {"GET", "http://nobody.example/", {}}), HasSubstr("404, no default backend"));
  EXPECT_THAT(run("", {"GET", "http://nobody.example/%zz", {}}), HasSubstr("400, refused before routing"));
}

TEST(Explain, SaysWhatPasswordsAreAskedForAndChecksNone) {
  const std::string secret =
      "apiVersion: v1\nkind: Secret\nmetadata: {name: users}\nstringData: {auth: \"bob:{PLAIN}x\"}\n---\n";
  const auto guarded = [&](const std::string& type) {
    return secret + test::ingress("a", "a.example", "/",
                                  "auth-type: " + type + "\n    nginx.ingress.kubernetes.io/auth-secret: users");
  };
  for (const char* type : {"basic", "digest"}) {
    EXPECT_THAT(run(guarded(type), {"GET", "a.example/", {}}), HasSubstr("401 made by Weir (password-missing)"));
  }
  EXPECT_THAT(run(guarded("basic"), {"GET", "a.example/", {"Authorization: Basic Ym9iOng="}}),
              HasSubstr("depends on the filter auth"));
  EXPECT_THAT(run(guarded("digest"), {"GET", "a.example/", {"Authorization: Digest username=bob"}}),
              HasSubstr("401 made by Weir (password-wrong)"));
}

TEST(Explain, ForwardedHeadersCountAsTheProxyCountsThem) {
  model::Options options;
  options.config_map = kube::ObjectName{"default", "weir"};
  const std::string text =
      run(test::ingress("a", "a.example", "/", "force-ssl-redirect: \"true\"") +
              "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: weir}\ndata: {use-forwarded-headers: \"true\"}\n",
          {"GET", "http://a.example/x", {"X-Forwarded-Proto: https"}}, options);

  EXPECT_THAT(text, AllOf(HasSubstr("https (as forwarded)"), HasSubstr("proxied to default-web-80")));
}

TEST(Explain, SaysHowARedirectLoopEnds) {
  const std::string forced = test::ingress("a", "a.example", "/", "force-ssl-redirect: \"true\"");

  EXPECT_THAT(run(forced, {"GET", "http://a.example/", {}}),
              ContainsRegex("hint +if TLS ends in front of Weir, clients are redirected for ever: set "
                            "use-forwarded-headers: \"true\".*ssl-redirect: \"false\""));
  EXPECT_THAT(run(forced, {"GET", "http://a.example/", {"X-Forwarded-Proto: https"}}),
              HasSubstr("X-Forwarded-Proto does not count here"));
  EXPECT_THAT(run(forced, {"GET", "https://a.example/", {}}), Not(HasSubstr("hint")));
  model::Options options;
  options.config_map = kube::ObjectName{"default", "weir"};
  EXPECT_THAT(run(forced + "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: weir}\ndata: {use-forwarded-headers: "
                           "\"true\"}\n",
                  {"GET", "http://a.example/", {}}, options),
              HasSubstr("what ends it must send X-Forwarded-Proto: https"));
}

constexpr const char* kCanaryService =
    "apiVersion: v1\nkind: Service\nmetadata: {name: next}\nspec: {ports: [{name: http, port: 80, targetPort: 8080}]}\n"
    "---\n";
constexpr const char* kCanarySlice =
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: next-1, labels: "
    "{kubernetes.io/service-name: next}}\naddressType: IPv4\nports: [{name: http, port: 8080}]\n"
    "endpoints: [{addresses: [10.1.2.4]}]\n---\n";

std::string to_next(std::string ingress) {
  const std::string web = "service: {name: web";
  ingress.replace(ingress.find(web), web.size(), "service: {name: next");
  return ingress;
}

TEST(Explain, FollowsTheRulesOfACanary) {
  const std::string canary = kCanaryService + test::ingress("a", "a.example", "/") +
                             to_next(test::ingress("c", "a.example", "/",
                                                   "canary: \"true\"\n    nginx.ingress.kubernetes.io/canary-weight: "
                                                   "\"20\"\n    nginx.ingress.kubernetes.io/canary-by-header: X-Next"));
  const std::string usable = kCanarySlice + canary;

  EXPECT_THAT(run(usable, {"GET", "a.example/", {"X-Next: always"}}),
              HasSubstr("proxied to the canary default-next-80\n"));
  EXPECT_THAT(run(usable, {"GET", "a.example/", {"X-Next: never"}}), HasSubstr("proxied to default-web-80\n"));
  EXPECT_THAT(run(usable, {"GET", "a.example/", {}}),
              HasSubstr("proxied to default-web-80, or by weight, 20 of 100, to the canary default-next-80\n"));
  EXPECT_THAT(
      run(canary, {"GET", "a.example/", {"X-Next: always"}}),
      AllOf(HasSubstr("it has no endpoints: the primary gets all requests"), HasSubstr("proxied to default-web-80\n")));
}

TEST(Explain, NamesCanariesThatLostAgainstOlderOnes) {
  const std::string weighed = "canary: \"true\"\n    nginx.ingress.kubernetes.io/canary-weight: ";
  const std::string objects = kCanaryService + test::ingress("a", "a.example", "/") +
                              to_next(test::ingress("c2", "a.example", "/", weighed + "\"20\"")) +
                              to_next(test::ingress("c1", "a.example", "/", weighed + "\"90\"")) +
                              test::ingress("b", "b.example", "/");

  EXPECT_THAT(run(objects, {"GET", "a.example/", {}}),
              AllOf(HasSubstr("canary Ingresses of the host that have no effect, or not all of it"),
                    ContainsRegex("default/c1 +host \"a.example\" and path \"/\": ingress default/c2, which is older"),
                    HasSubstr("weight 20 of 100")));
  EXPECT_THAT(run(objects, {"GET", "b.example/", {}}), Not(HasSubstr("canary Ingresses")));
}

TEST(Explain, FollowsAStandInAndADefaultBackendWithoutEndpoints) {
  EXPECT_THAT(run(kCanaryService + to_next(test::ingress("a", "a.example", "/", "default-backend: web")),
                  {"GET", "a.example/", {}}),
              AllOf(HasSubstr("stand-in      custom-default-backend-default-web"),
                    HasSubstr("proxied to custom-default-backend-default-web with X-Code: 503")));
  EXPECT_THAT(run(kCanaryService + to_next(test::ingress("a", "a.example", "/")), {"GET", "a.example/", {}}),
              HasSubstr("503, the backend has no endpoints (no-endpoints)"));
  model::Options options;
  options.default_backend_service = kube::ObjectName{"default", "next"};
  EXPECT_THAT(run(kCanaryService, {"GET", "nobody.example/", {}}, options), HasSubstr("404, no default backend"));
}

TEST(Explain, NamesLimitsAndCountsNobody) {
  const std::string limited =
      test::ingress("a", "a.example", "/",
                    "limit-rps: \"1\"\n    nginx.ingress.kubernetes.io/limit-connections: \"2\"\n"
                    "    nginx.ingress.kubernetes.io/limit-rpm: \"3\"");

  EXPECT_THAT(run(limited, {"GET", "http://a.example/", {}}),
              AllOf(HasSubstr("limit-connections 2, limit-rps 1, limit-rpm 3: a client beyond them gets 503"),
                    HasSubstr("proxied to default-web-80")));
}

TEST(Explain, AUrlThatIsNoneIsAnError) {
  EXPECT_THAT(run("", {"GET", "ftp://x/", {}}), HasSubstr("error: the URL's scheme is neither http nor https"));
  EXPECT_THAT(run("", {"GET", "/x", {}}), HasSubstr("error: the URL names no host"));
  EXPECT_THAT(run("", {"GET", "http://x/", {"broken"}}), HasSubstr("not of the form Name: value"));
}

}  // namespace
}  // namespace weir::app
