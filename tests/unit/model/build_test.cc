#include "weir/model/build.h"

#include "cluster.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir::model {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto kExact = kube::PathType::exact;

// "/a/b Prefix web (default/old)" in list order.
std::vector<std::string> locations(const Model& model, const std::string& host) {
  std::vector<std::string> lines;
  const Host* found = find_host(model, host);
  if (found == nullptr) return {"no such host"};
  for (const Location& location : found->locations) {
    lines.push_back(location.path + " " + kube::to_string(location.type) + " " + location.owner.service +
                    (location.implicit ? " implicit" : ""));
  }
  return lines;
}

std::vector<std::string> hosts(const Model& model) {
  std::vector<std::string> names;
  for (const HostPtr& host : model.hosts) names.push_back(host->name);
  return names;
}

// --- merging (spec 2.2) -------------------------------------------------------------------------------------------

TEST(Build, WithoutIngressesThereIsOnlyTheUntouchedCatchAll) {
  const Model model = Cluster().built().model;

  EXPECT_THAT(hosts(model), ElementsAre("_"));
  const Location* root = find_location(model, "_", "/");
  ASSERT_NE(root, nullptr);
  EXPECT_TRUE(root->untouched_default);
  EXPECT_EQ(root->backend, "");
  EXPECT_FALSE(root->policies.access_log.enabled);
  EXPECT_FALSE(root->policies.https_redirect.ssl_redirect);
}

TEST(Build, AHostGetsAnImplicitRootWithTheSettingsOfItsFirstIngress) {
  Cluster cluster;
  cluster.add(ing("old").created(1).path("a.example", "/app", "web").annotation("upstream-vhost", "old.example"));
  cluster.add(ing("young").created(2).path("a.example", "/x", "web").annotation("upstream-vhost", "young.example"));
  const Model model = cluster.built().model;

  EXPECT_THAT(locations(model, "a.example"), ElementsAre("/app Prefix web", "/x Prefix web", "/ Prefix  implicit"));
  const Location* root = find_location(model, "a.example", "/");
  EXPECT_EQ(root->policies.upstream_host.value, "old.example");
  EXPECT_EQ(root->owner.ingress, "old");
  EXPECT_EQ(root->backend, "");
  EXPECT_FALSE(root->untouched_default);
}

TEST(Build, TheImplicitRootLeadsToTheIngressDefaultBackend) {
  Cluster cluster;
  cluster.service("web").service("rest");
  cluster.add(ing("old").path("a.example", "/app", "web").default_backend("rest"));
  const Model model = cluster.built().model;

  EXPECT_EQ(find_location(model, "a.example", "/")->backend, "default-rest-80");
  EXPECT_EQ(find_location(model, "a.example", "/")->owner.service, "rest");
  EXPECT_TRUE(find_location(model, "_", "/")->untouched_default);
}

TEST(Build, AYoungerIngressTakesTheImplicitRootOverWithAllItsSettings) {
  Cluster cluster;
  cluster.add(ing("old").created(1).path("a.example", "/app", "web").annotation("upstream-vhost", "old.example"));
  cluster.add(ing("young").created(2).path("a.example", "/", "rest"));
  const Model model = cluster.built().model;

  EXPECT_THAT(locations(model, "a.example"), ElementsAre("/app Prefix web", "/ Prefix rest"));
  EXPECT_EQ(find_location(model, "a.example", "/")->policies.upstream_host.value, "");
  EXPECT_EQ(find_location(model, "a.example", "/")->owner.ingress, "young");
}

TEST(Build, AnExactRootStandsBesideTheImplicitOne) {
  Cluster cluster;
  cluster.add(ing("web").exact("a.example", "/", "web"));

  EXPECT_THAT(locations(cluster.built().model, "a.example"), ElementsAre("/ Prefix  implicit", "/ Exact web"));
}

TEST(Build, TheOldestRuleOfAPathWinsAndTheOtherIsAnAdmissionError) {
  Cluster cluster;
  cluster.add(ing("young").created(2).path("a.example", "/x", "young"));
  cluster.add(ing("old").created(1).path("a.example", "/x", "old"));
  const BuildResult result = cluster.built();

  EXPECT_THAT(locations(result.model, "a.example"), ElementsAre("/x Prefix old", "/ Prefix  implicit"));
  ASSERT_THAT(summary(result.diagnostics), Contains("error path-duplicate default/young"));
  const auto text = std::find_if(result.diagnostics.begin(), result.diagnostics.end(),
                                 [](const base::Diagnostic& d) { return d.code == "path-duplicate"; });
  EXPECT_EQ(text->text, "host \"a.example\" and path \"/x\" is already defined in ingress default/old");
  ASSERT_EQ(find_host(result.model, "a.example")->shadowed.size(), 1u);
  EXPECT_EQ(find_host(result.model, "a.example")->shadowed[0].owner.service, "young");
}

TEST(Build, OfEquallyOldIngressesTheLastNameWins) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/x", "a")).add(ing("b").path("a.example", "/x", "b"));

  EXPECT_THAT(locations(cluster.built().model, "a.example"), Contains("/x Prefix b"));
}

TEST(Build, ADuplicateIsOnlyAWarningWhereACanaryAnnotationStands) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/x", "a").annotation("canary", "false"));
  cluster.add(ing("b").path("a.example", "/x", "b"));

  EXPECT_THAT(summary(cluster.built().diagnostics), Contains("warning path-duplicate default/a"));
}

TEST(Build, ADuplicateWithinOneIngressIsAWarning) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/x", "first").path("a.example", "/x", "second"));
  const BuildResult result = cluster.built();

  EXPECT_THAT(locations(result.model, "a.example"), Contains("/x Prefix first"));
  EXPECT_THAT(summary(result.diagnostics), Contains("warning path-duplicate default/a"));
}

TEST(Build, OnePathMayHaveBothTypes) {
  Cluster cluster;
  cluster.add(ing("a").created(1).path("a.example", "/x", "prefix"));
  cluster.add(ing("b").created(2).exact("a.example", "/x", "exact"));

  EXPECT_THAT(locations(cluster.built().model, "a.example"),
              ElementsAre("/x Prefix prefix", "/x Exact exact", "/ Prefix  implicit"));
}

TEST(Build, AThirdRuleForAPathOfTwoTypesLoses) {
  for (const bool exact_first : {false, true}) {
    Cluster cluster;
    cluster.add(ing("a").created(1).path("a.example", "/x", "a", exact_first ? kExact : kube::PathType::prefix));
    cluster.add(ing("b").created(2).path("a.example", "/x", "b", exact_first ? kube::PathType::prefix : kExact));
    cluster.add(ing("c").created(3).path("a.example", "/x", "c", exact_first ? kube::PathType::prefix : kExact));
    const BuildResult result = cluster.built();

    EXPECT_THAT(locations(result.model, "a.example"), Not(Contains(HasSubstr(" c"))));
    EXPECT_THAT(summary(result.diagnostics), Contains("error path-duplicate default/c"));
  }
}

TEST(Build, AbsentAndImplementationSpecificTypesAreThePrefixType) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/nil", "a", std::nullopt));
  cluster.add(ing("b").path("a.example", "/impl", "b", kube::PathType::implementation_specific));
  cluster.add(ing("c").path("b.example", "", "c"));
  const Model model = cluster.built().model;

  EXPECT_THAT(locations(model, "a.example"), ElementsAre("/impl Prefix b", "/nil Prefix a", "/ Prefix  implicit"));
  EXPECT_THAT(locations(model, "b.example"), ElementsAre("/ Prefix c"));
}

TEST(Build, LocationsAreOrderedByLengthThenTextBothDescending) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/a", "w").path("a.example", "/b", "w").path("a.example", "/aaa", "w"));

  EXPECT_THAT(locations(cluster.built().model, "a.example"),
              ElementsAre("/aaa Prefix w", "/b Prefix w", "/a Prefix w", "/ Prefix  implicit"));
}

TEST(Build, ResourceBackendsFallThroughToTheRoot) {
  IngressBuilder web = ing("web").path("a.example", "/x", "web");
  web.object.rules[0].paths[0].backend = {true, "", {}};
  Cluster cluster;
  cluster.add(web);
  const BuildResult result = cluster.built();

  EXPECT_THAT(locations(result.model, "a.example"), ElementsAre("/ Prefix  implicit"));
  EXPECT_THAT(summary(result.diagnostics), ElementsAre("warning backend-resource default/web"));
}

TEST(Build, ARuleWithoutPathsMakesItsHost) {
  EXPECT_THAT(locations(Cluster().add(ing("web").bare_host("a.example")).built().model, "a.example"),
              ElementsAre("/ Prefix  implicit"));
}

TEST(Build, HostsAreLowerCaseAndInvalidOnesAreLeftOut) {
  Cluster cluster;
  cluster.add(ing("a").path("A.Example", "/", "web").path("*.b.example", "/", "web"));
  cluster.add(
      ing("b").path("a b", "/", "web").path("10.0.0.1", "/", "web").path("_", "/", "web").path("*", "/", "web"));
  const BuildResult result = cluster.built();

  EXPECT_THAT(hosts(result.model), ElementsAre("*.b.example", "_", "a.example"));
  EXPECT_THAT(summary(result.diagnostics), Contains("error host-invalid default/b").Times(4));
}

// --- catch-all (spec 2.2) -----------------------------------------------------------------------------------------

TEST(CatchAll, ADefaultBackendWithoutRulesTakesItWithoutRedirectsAndRewrites) {
  Cluster cluster;
  cluster.service("all");
  cluster.add(ing("all")
                  .default_backend("all")
                  .annotation("app-root", "/app")
                  .annotation("force-ssl-redirect", "true")
                  .annotation("permanent-redirect", "https://b.example")
                  .annotation("rewrite-target", "/x")
                  .annotation("upstream-vhost", "v.example"));
  const Model model = cluster.built().model;

  const Host& host = *find_host(model, "_");
  ASSERT_EQ(host.locations.size(), 1u);
  const Location& root = host.locations[0];
  EXPECT_EQ(root.backend, "default-all-80");
  EXPECT_EQ(root.owner.ingress, "all");
  EXPECT_FALSE(root.untouched_default);
  EXPECT_FALSE(root.implicit);
  EXPECT_EQ(root.policies.upstream_host.value, "v.example");
  EXPECT_EQ(root.policies.redirect.url, "");
  EXPECT_EQ(root.policies.rewrite, features::RewritePolicy{});
  EXPECT_FALSE(root.policies.https_redirect.force);
  EXPECT_FALSE(root.policies.https_redirect.ssl_redirect);
  EXPECT_TRUE(root.policies.access_log.enabled);
  EXPECT_FALSE(host.regex_mode);
  EXPECT_EQ(host.app_root, "");
}

TEST(CatchAll, ADefaultBackendBeatsAnOlderHostlessRoot) {
  Cluster cluster;
  cluster.add(ing("old").created(1).path("", "/", "old").path("", "/x", "old"));
  cluster.add(ing("all").created(2).default_backend("all"));
  const BuildResult result = cluster.built();

  EXPECT_THAT(locations(result.model, "_"), ElementsAre("/x Prefix old", "/ Prefix all"));
  EXPECT_THAT(summary(result.diagnostics), Contains("error path-duplicate default/old"));
}

TEST(CatchAll, TheOldestDefaultBackendWins) {
  Cluster cluster;
  cluster.add(ing("b").created(2).default_backend("b")).add(ing("a").created(1).default_backend("a"));
  const BuildResult result = cluster.built();

  EXPECT_THAT(locations(result.model, "_"), ElementsAre("/ Prefix a"));
  EXPECT_THAT(summary(result.diagnostics), Contains("warning default-backend-shadowed default/b"));
}

TEST(CatchAll, HostlessRulesAddLocationsAndTakeTheRootWithRedirects) {
  Cluster cluster;
  cluster.add(ing("a").path("", "/", "web").annotation("force-ssl-redirect", "true"));
  const Model model = cluster.built().model;

  EXPECT_THAT(locations(model, "_"), ElementsAre("/ Prefix web"));
  EXPECT_TRUE(find_location(model, "_", "/")->policies.https_redirect.force);
  EXPECT_FALSE(find_location(model, "_", "/")->untouched_default);
}

TEST(CatchAll, AnIngressWithDefaultBackendAndRulesLeavesItAlone) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/", "web").default_backend("rest"));

  EXPECT_TRUE(find_location(cluster.built().model, "_", "/")->untouched_default);
}

TEST(CatchAll, TheUntouchedRootLogsOnlyWhenTold) {
  Cluster cluster;
  cluster.settings({{"enable-access-log-for-default-backend", "true"}});

  EXPECT_TRUE(find_location(cluster.built().model, "_", "/")->policies.access_log.enabled);
}

TEST(CatchAll, HostlessTlsDoesNotCount) {
  Cluster cluster;
  cluster.add(ing("a").path("", "/", "web").tls({}, "cert"));

  EXPECT_FALSE(find_host(cluster.built().model, "_")->has_tls);
}

// --- default backend (spec 2.7) -----------------------------------------------------------------------------------

TEST(DefaultBackend, ServesTheCatchAllAndImplicitRoots) {
  Cluster cluster;
  cluster.service("rest").service("web");
  cluster.options.default_backend_service = kube::ObjectName{"default", "rest"};
  cluster.add(ing("a").path("a.example", "/app", "web"));
  const Model model = cluster.built().model;

  EXPECT_EQ(model.default_backend, "upstream-default-backend");
  EXPECT_EQ(find_location(model, "_", "/")->backend, "upstream-default-backend");
  EXPECT_EQ(find_location(model, "a.example", "/")->backend, "upstream-default-backend");
  const Backend* found = find_backend(model, "upstream-default-backend");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->port, "80");
  EXPECT_THAT(texts(found->endpoints), ElementsAre("10.0.0.1 8080"));
}

TEST(DefaultBackend, WithoutEndpointsTheBuiltInPageAnswers) {
  Cluster cluster;
  cluster.service("rest");
  cluster.state.endpoint_slices.clear();
  cluster.options.default_backend_service = kube::ObjectName{"default", "rest"};
  const BuildResult result = cluster.built();

  EXPECT_EQ(result.model.default_backend, "");
  EXPECT_EQ(find_location(result.model, "_", "/")->backend, "");
  EXPECT_THAT(summary(result.diagnostics), Contains("warning default-backend-unusable default/rest"));
}

// --- backends -----------------------------------------------------------------------------------------------------

TEST(Backends, OnlyThoseThatLocationsLeadToAreKept) {
  Cluster cluster;
  cluster.add(ing("old").created(1).path("a.example", "/x", "old"));
  cluster.add(ing("young").created(2).path("a.example", "/x", "young"));
  const Model model = cluster.built().model;

  EXPECT_NE(find_backend(model, "default-old-80"), nullptr);
  EXPECT_EQ(find_backend(model, "default-young-80"), nullptr);
}

TEST(Backends, NumberAndNameOfOnePortAreTwo) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/x", "web:80").path("a.example", "/y", "web:http"));

  EXPECT_EQ(cluster.built().model.backends.size(), 2u);
}

TEST(Backends, TheOldestReferenceDecidesServiceUpstream) {
  Cluster cluster;
  cluster.service("web");
  cluster.add(ing("old").created(1).path("a.example", "/x", "web"));
  cluster.add(ing("young").created(2).path("b.example", "/", "web").annotation("service-upstream", "true"));
  EXPECT_THAT(texts(find_backend(cluster.built().model, "default-web-80")->endpoints), ElementsAre("10.0.0.1 8080"));

  cluster.add(ing("older").created(0).path("c.example", "/", "web").annotation("service-upstream", "true"));

  EXPECT_THAT(texts(find_backend(cluster.built().model, "default-web-80")->endpoints), ElementsAre("10.96.0.1 80"));
}

TEST(Backends, AReferenceAsDefaultBackendOverwritesTheOldest) {
  Cluster cluster;
  cluster.service("web");
  cluster.add(ing("old").created(1).path("a.example", "/x", "web"));
  cluster.add(ing("young").created(2).default_backend("web").annotation("service-upstream", "true"));

  EXPECT_TRUE(find_backend(cluster.built().model, "default-web-80")->balance.service_upstream);
}

TEST(Backends, OneNameForTwoServicesDoesNotMixThem) {
  Cluster cluster;
  cluster.service("b-c", "10.0.0.1", "a").service("c", "10.0.0.2", "a-b");
  cluster.add(ing("x").ns("a").created(1).path("one.example", "/", "b-c"));
  cluster.add(ing("x").ns("a-b").created(2).path("two.example", "/", "c"));
  const Model model = cluster.built().model;

  const std::string one = find_location(model, "one.example", "/")->backend;
  const std::string two = find_location(model, "two.example", "/")->backend;
  EXPECT_EQ(one, "a-b-c-80");
  EXPECT_EQ(two, "a-b/c/80");
  EXPECT_THAT(texts(find_backend(model, one)->endpoints), ElementsAre("10.0.0.1 8080"));
  EXPECT_THAT(texts(find_backend(model, two)->endpoints), ElementsAre("10.0.0.2 8080"));
}

TEST(Backends, MissingServicesAreToldToEachIngressOnce) {
  Cluster cluster;
  cluster.service("other");
  cluster.add(ing("a").path("a.example", "/x", "gone").path("a.example", "/y", "gone"));
  cluster.add(ing("b").path("b.example", "/", "gone"));

  EXPECT_THAT(summary(cluster.built().diagnostics),
              ElementsAre("warning service-missing default/a", "warning service-missing default/b"));
}

TEST(Backends, MissingServicesAreNoNewsWhereNoServiceWasReadAtAll) {
  EXPECT_THAT(summary(Cluster().add(ing("a").path("a.example", "/", "web")).built().diagnostics),
              ElementsAre("info service-missing default/a"));
}

// --- policies of locations ----------------------------------------------------------------------------------------

TEST(Policies, ADeniedIngressClosesItsLocationsAndTheImplicitRootOfItsHosts) {
  Cluster cluster;
  cluster.add(ing("a").created(1).path("a.example", "/x", "web").annotation("auth-type", "basic"));
  cluster.add(ing("b").created(2).path("a.example", "/y", "web"));
  const Model model = cluster.built().model;

  EXPECT_TRUE(find_location(model, "a.example", "/x")->policies.deny.denied());
  EXPECT_TRUE(find_location(model, "a.example", "/")->policies.deny.denied());
  EXPECT_FALSE(find_location(model, "a.example", "/y")->policies.deny.denied());
}

TEST(Policies, AClientCaThatIsMissingRefusesTheHostUntilAUsableOneComes) {
  Cluster cluster;
  cluster.add(ing("a").created(1).path("a.example", "/x", "web").annotation("auth-tls-secret", "default/nobody"));
  cluster.add(ing("b").created(2).path("a.example", "/y", "web"));
  const Model closed = cluster.built().model;
  EXPECT_EQ(find_host(closed, "a.example")->auth_tls.refuse_status, 403);
  EXPECT_EQ(find_host(closed, "a.example")->auth_tls.refuse_reason, "auth-tls-secret-missing");

  cluster.add(ing("c").created(3).path("a.example", "/z", "web").annotation("auth-tls-secret", "default/ca"));
  kube::Secret ca;
  ca.data["ca.crt"] = "text";
  cluster.state.secrets[{"default", "ca"}] = std::make_shared<kube::Secret>(std::move(ca));
  const Model open = cluster.built().model;
  EXPECT_EQ(find_host(open, "a.example")->auth_tls.refuse_status, 0);
  EXPECT_EQ(find_host(open, "a.example")->auth_tls.secret, "default/ca");
}

TEST(Policies, ASettingThatGuardsTheHostClosesAllItsLocations) {
  Cluster cluster;
  cluster.add(ing("a").created(1).path("a.example", "/x", "web"));
  cluster.add(ing("b").created(2).path("a.example", "/y", "web").annotation("auth-tls-secret", ""));
  cluster.add(ing("c").path("c.example", "/", "web"));
  const Model model = cluster.built().model;

  for (const char* path : {"/", "/x", "/y"}) {
    EXPECT_TRUE(find_location(model, "a.example", path)->policies.deny.denied()) << path;
  }
  EXPECT_FALSE(find_location(model, "c.example", "/")->policies.deny.denied());
}

TEST(Policies, AProtectingSettingThatIsPlannedClosesEverything) {
  Cluster cluster;
  cluster.settings({{"enable-modsecurity", "true"}});
  cluster.add(ing("a").path("a.example", "/x", "web"));
  const Model model = cluster.built().model;

  EXPECT_TRUE(find_location(model, "a.example", "/x")->policies.deny.denied());
  EXPECT_TRUE(find_location(model, "_", "/")->policies.deny.denied());
}

TEST(Policies, ADeniedIngressHasTheFixedBodyLimit) {
  Cluster cluster;
  cluster.add(
      ing("a").path("a.example", "/x", "web").annotation("auth-type", "basic").annotation("proxy-body-size", "10m"));

  EXPECT_EQ(find_location(cluster.built().model, "a.example", "/x")->policies.proxy.body_size, 1024u * 1024u);
}

TEST(Policies, SolverPathsAreExemptFromTheHttpsRedirect) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/.well-known/acme-challenge/token", "web").path("a.example", "/x", "web"));
  const Model model = cluster.built().model;

  EXPECT_TRUE(find_location(model, "a.example", "/.well-known/acme-challenge/token")->policies.https_redirect.exempt);
  EXPECT_FALSE(find_location(model, "a.example", "/x")->policies.https_redirect.exempt);
}

TEST(Policies, UsedAnnotationsTravelAlong) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/x", "web").annotation("app-root", "/x"));
  const Model model = cluster.built().model;

  ASSERT_NE(find_location(model, "a.example", "/x")->used, nullptr);
  EXPECT_EQ(find_location(model, "a.example", "/x")->used->at("app-root"), "/x");
}

// --- regex mode (spec 2.5) ----------------------------------------------------------------------------------------

TEST(RegexMode, UseRegexOrAnEffectiveRewriteOfAnyLocationTurnsItOn) {
  const auto mode = [](const IngressBuilder& builder) {
    Cluster cluster;
    cluster.add(ing("plain").path("a.example", "/plain", "web")).add(builder);
    return find_host(cluster.built().model, "a.example")->regex_mode;
  };

  EXPECT_FALSE(mode(ing("b").path("a.example", "/x", "web")));
  EXPECT_TRUE(mode(ing("b").path("a.example", "/x", "web").annotation("use-regex", "true")));
  EXPECT_TRUE(mode(ing("b").path("a.example", "/x", "web").annotation("rewrite-target", "/y")));
}

TEST(RegexMode, ARewriteToTheOwnPathDoesNot) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/", "web").annotation("rewrite-target", "/"));

  EXPECT_FALSE(find_host(cluster.built().model, "a.example")->regex_mode);
}

TEST(RegexMode, TheImplicitRootCountsToo) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/x", "web").annotation("rewrite-target", "/x"));

  EXPECT_TRUE(find_host(cluster.built().model, "a.example")->regex_mode);
}

TEST(AppRoot, IsThatOfTheFirstLocationInListOrder) {
  Cluster cluster;
  cluster.add(ing("a").created(1).path("a.example", "/a", "web").annotation("app-root", "/one"));
  cluster.add(ing("b").created(2).path("a.example", "/bb", "web").annotation("app-root", "/two"));

  EXPECT_EQ(find_host(cluster.built().model, "a.example")->app_root, "/two");
}

// --- TLS (spec 2.8, 2.9) ------------------------------------------------------------------------------------------

TEST(Tls, AnyTlsSectionOfAnIngressOfTheHostCounts) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/", "web").path("b.example", "/", "web").tls({"other.example"}, ""));
  const Model model = cluster.built().model;

  EXPECT_TRUE(find_host(model, "a.example")->has_tls);
  EXPECT_TRUE(find_host(model, "b.example")->has_tls);
}

TEST(Tls, TheFirstIngressWithASectionSuppliesTheEntries) {
  Cluster cluster;
  kube::Secret secret;
  secret.meta.ns = "default";
  secret.meta.name = "one";
  const auto object = std::make_shared<kube::Secret>(secret);
  cluster.state.secrets[secret.meta.object_name()] = object;
  cluster.add(ing("plain").created(0).path("a.example", "/plain", "web"));
  cluster.add(ing("b").created(2).path("a.example", "/", "web").tls({"a.example"}, "two"));
  cluster.add(ing("a").created(1).path("a.example", "/x", "web").tls({"A.Example"}, "one"));
  const BuildResult result = cluster.built();

  const Host& host = *find_host(result.model, "a.example");
  ASSERT_EQ(host.tls.size(), 1u);
  EXPECT_THAT(host.tls[0].hosts, ElementsAre("a.example"));
  EXPECT_EQ(host.tls[0].secret.name, "one");
  EXPECT_EQ(host.tls[0].object, object);
  EXPECT_THAT(summary(result.diagnostics), Contains("warning tls-secret-missing default/b"));
}

TEST(Tls, TheDefaultCertificateIsLookedUp) {
  Cluster cluster;
  cluster.options.default_ssl_certificate = kube::ObjectName{"default", "cert"};
  EXPECT_THAT(summary(cluster.built().diagnostics), ElementsAre("warning default-certificate-missing default/cert"));

  cluster.state.secrets[{"default", "cert"}] = std::make_shared<kube::Secret>();

  EXPECT_NE(cluster.built().model.default_certificate, nullptr);
}

// --- upstream-scoped settings (spec 1) -----------------------------------------------------------------------------

TEST(Affinity, TypeAndModeAreOfTheFirstIngressTheCookieOfTheLast) {
  Cluster cluster;
  cluster.add(ing("a").created(1).path("a.example", "/", "web").annotation("affinity-mode", "persistent"));
  cluster.add(ing("b")
                  .created(2)
                  .path("b.example", "/", "web")
                  .annotation("affinity", "cookie")
                  .annotation("session-cookie-name", "first"));
  cluster.add(ing("c")
                  .created(3)
                  .path("c.example", "/", "web")
                  .annotation("affinity", "cookie")
                  .annotation("affinity-mode", "balanced")
                  .annotation("session-cookie-name", "last"));
  cluster.add(ing("d").created(4).path("d.example", "/", "web").annotation("session-cookie-name", "none"));
  const Model model = cluster.built().model;

  const features::AffinityPolicy& affinity = find_backend(model, "default-web-80")->affinity;
  EXPECT_TRUE(affinity.cookie);
  EXPECT_EQ(affinity.mode, "persistent");
  EXPECT_EQ(affinity.name, "last");
}

// --- error backends (spec 4.7) -------------------------------------------------------------------------------------

TEST(ErrorBackend, IsTheServicesFirstPortUnderANameOfItsOwn) {
  Cluster cluster;
  cluster.service("web").service("errors", "10.0.0.9");
  cluster.add(ing("a").path("a.example", "/x", "web").annotation("default-backend", "errors"));
  const Model model = cluster.built().model;

  for (const char* path : {"/x", "/"}) {
    EXPECT_EQ(find_location(model, "a.example", path)->error_backend, "custom-default-backend-default-errors") << path;
  }
  const Backend* errors = find_backend(model, "custom-default-backend-default-errors");
  ASSERT_NE(errors, nullptr);
  EXPECT_EQ(errors->state, BackendState::ready);
  EXPECT_EQ(errors->endpoints.size(), 1u);
}

TEST(ErrorBackend, ThatDoesNotExistIsReportedAndNotUsed) {
  Cluster cluster;
  cluster.service("web");
  cluster.add(ing("a").path("a.example", "/", "web").annotation("default-backend", "errors"));
  const BuildResult result = cluster.built();

  EXPECT_EQ(find_location(result.model, "a.example", "/")->error_backend, "");
  EXPECT_THAT(summary(result.diagnostics), ElementsAre("warning error-backend-missing default/a"));
}

// --- canary (spec 3.1) --------------------------------------------------------------------------------------------

TEST(Canary, MakesNeitherHostsNorPathsNorBackends) {
  Cluster cluster;
  cluster.add(ing("main").path("a.example", "/", "web"));
  cluster.add(ing("canary")
                  .path("a.example", "/x", "next")
                  .path("b.example", "/", "next")
                  .annotation("canary", "true")
                  .tls({"a.example"}, "cert"));
  cluster.add(ing("all").default_backend("next").annotation("canary", "true"));
  const BuildResult result = cluster.built();

  EXPECT_THAT(hosts(result.model), ElementsAre("_", "a.example"));
  EXPECT_THAT(locations(result.model, "a.example"), ElementsAre("/ Prefix web"));
  EXPECT_EQ(find_backend(result.model, "default-next-80"), nullptr);
  EXPECT_TRUE(find_location(result.model, "_", "/")->untouched_default);
  EXPECT_FALSE(find_host(result.model, "a.example")->has_tls);
  EXPECT_THAT(summary(result.diagnostics), Contains("warning canary-without-primary default/canary"));
}

// Spec 3.1: load-balance, hashing and service-upstream of a canary Ingress count like those of any other.
TEST(Canary, AnOlderCanaryDecidesForTheBackend) {
  Cluster cluster;
  cluster.add(ing("canary")
                  .created(1)
                  .path("a.example", "/", "web")
                  .annotation("canary", "true")
                  .annotation("service-upstream", "true"));
  cluster.add(ing("main").created(2).path("a.example", "/", "web"));
  const Model model = cluster.built().model;

  ASSERT_NE(find_backend(model, "default-web-80"), nullptr);
  EXPECT_TRUE(find_backend(model, "default-web-80")->balance.service_upstream);
}

}  // namespace
}  // namespace weir::model
