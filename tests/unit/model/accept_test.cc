#include "weir/model/accept.h"

#include "cluster.h"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const kube::ObjectName kWeb{"default", "web"};

IngressBuilder web() {
  return ing("web").path("a.example", "/", "web:80");
}

// --- class (spec 2.1) ---------------------------------------------------------------------------------------------

TEST(Accept, TakesAnIngressWhoseClassBelongsToOurController) {
  EXPECT_EQ(Cluster().add(web()).accepted().ingresses.count(kWeb), 1u);
}

TEST(Accept, LeavesAForeignClassAloneWithAWarning) {
  const AcceptedSet set = Cluster().add(web().class_name("traefik")).accepted();

  EXPECT_THAT(set.ingresses, IsEmpty());
  EXPECT_THAT(summary(set.diagnostics), ElementsAre("warning class-foreign default/web"));
  EXPECT_EQ(set.not_served.count(kWeb), 1u);
}

TEST(Accept, TakesAClassByNameOnlyWhenToldTo) {
  Cluster cluster;
  kube::IngressClass other;
  other.meta.name = "nginx";
  other.controller = "example.com/other";
  cluster.state.ingress_classes[other.meta.object_name()] = std::make_shared<kube::IngressClass>(other);
  cluster.add(web());
  EXPECT_THAT(cluster.accepted().ingresses, IsEmpty());

  cluster.options.ingress_class_by_name = true;

  EXPECT_EQ(cluster.accepted().ingresses.size(), 1u);
}

TEST(Accept, TheClassFieldWinsOverTheAnnotation) {
  Cluster cluster;
  cluster.add(web().class_name("traefik").annotation("kubernetes.io/ingress.class", "nginx"));

  EXPECT_THAT(cluster.accepted().ingresses, IsEmpty());
}

TEST(Accept, TheAnnotationCountsWhereTheFieldIsAbsent) {
  Cluster cluster;
  cluster.add(web().class_name(std::nullopt).annotation("kubernetes.io/ingress.class", "nginx"));
  EXPECT_EQ(cluster.accepted().ingresses.size(), 1u);

  cluster.add(web().class_name(std::nullopt).annotation("kubernetes.io/ingress.class", "other"));
  cluster.options.watch_ingress_without_class = true;
  EXPECT_THAT(cluster.accepted().ingresses, IsEmpty());
}

TEST(Accept, AnIngressWithoutClassNeedsTheFlag) {
  Cluster cluster;
  cluster.add(web().class_name(std::nullopt));
  EXPECT_THAT(cluster.accepted().ingresses, IsEmpty());

  cluster.options.watch_ingress_without_class = true;

  EXPECT_EQ(cluster.accepted().ingresses.size(), 1u);
}

TEST(Accept, SkipsTheClassFieldWhenClassesMayNotBeRead) {
  Cluster cluster;
  cluster.options.class_api_readable = false;
  cluster.add(web().class_name("traefik").annotation("kubernetes.io/ingress.class", "nginx"));

  EXPECT_EQ(cluster.accepted().ingresses.size(), 1u);
}

TEST(Accept, SaysThatTheClassFieldDoesNotCountWhenClassesMayNotBeRead) {
  Cluster cluster;
  cluster.options.class_api_readable = false;
  cluster.add(web().class_name("nginx"));
  const AcceptedSet set = cluster.accepted();

  EXPECT_THAT(set.ingresses, IsEmpty());
  ASSERT_EQ(set.diagnostics.size(), 1u);
  EXPECT_THAT(set.diagnostics[0].text, testing::HasSubstr("IngressClasses cannot be read"));
}

TEST(Accept, AClassThatGoesAwayTakesItsIngressesAlong) {
  Cluster cluster;
  cluster.add(web());
  const AcceptedSet before = cluster.accepted();

  cluster.add(web().class_name("traefik"));

  EXPECT_THAT(cluster.accepted(before).ingresses, IsEmpty());
}

TEST(Accept, ServesOnlyTheWatchedNamespace) {
  Cluster cluster;
  cluster.options.watch_namespace = "shop";
  cluster.add(web()).add(web().ns("shop"));
  const AcceptedSet set = cluster.accepted();

  EXPECT_EQ(set.ingresses.size(), 1u);
  EXPECT_EQ(set.ingresses.begin()->first.ns, "shop");
  EXPECT_THAT(summary(set.diagnostics), ElementsAre("info namespace-not-watched default/web"));
}

TEST(Accept, DisableCatchAllDropsAWholeIngressWithADefaultBackend) {
  Cluster cluster;
  cluster.add(web());
  const AcceptedSet before = cluster.accepted();
  cluster.options.disable_catch_all = true;
  cluster.add(web().default_backend("web"));
  const AcceptedSet set = cluster.accepted(before);

  EXPECT_THAT(set.ingresses, IsEmpty());
  EXPECT_THAT(summary(set.diagnostics), ElementsAre("error catch-all-disabled default/web"));
}

// --- gates (spec 0.3) ---------------------------------------------------------------------------------------------

class DeepInspection : public testing::TestWithParam<const char*> {};

TEST_P(DeepInspection, RefusesForbiddenPatternsInPaths) {
  Cluster cluster;
  cluster.add(ing("web").path("a.example", GetParam(), "web:80", kube::PathType::implementation_specific));
  const AcceptedSet set = cluster.accepted();

  EXPECT_THAT(set.ingresses, IsEmpty());
  EXPECT_THAT(summary(set.diagnostics),
              ElementsAre("error deep-inspect default/web", "warning ingress-refused default/web"));

  cluster.options.deep_inspect = false;
  EXPECT_EQ(cluster.accepted().ingresses.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Patterns, DeepInspection,
                         testing::Values("/a{ alias /x; }", "/root\n/;", "/x/etc/passwd", "/etc/nginx/x",
                                         "/etc/etc/shadow", "/var/run/secrets/x", "/content_by_lua_block"));

TEST(Accept, DeepInspectionLeavesHarmlessTextAlone) {
  Cluster cluster;
  cluster.add(ing("web").path("a.example", "/alias/root/etc/other", "web:80"));

  EXPECT_EQ(cluster.accepted().ingresses.size(), 1u);
}

TEST(Accept, DeepInspectionReadsHostsAndTls) {
  EXPECT_THAT(Cluster().add(ing("web").path("x_by_lua", "/", "web")).accepted().ingresses, IsEmpty());
  EXPECT_THAT(Cluster().add(web().tls({"a.example"}, "/etc/passwd")).accepted().ingresses, IsEmpty());
  EXPECT_THAT(Cluster().add(web().tls({"_by_lua"}, "x")).accepted().ingresses, IsEmpty());
}

TEST(Accept, BlockedWordsRefuseTheObjectAndAreTrimmed) {
  Cluster cluster;
  cluster.settings({{"annotation-value-word-blocklist", "load_module, lua_package"}});
  cluster.add(web().annotation("upstream-vhost", "a.lua_package.b"));
  const AcceptedSet set = cluster.accepted();

  EXPECT_THAT(set.ingresses, IsEmpty());
  ASSERT_THAT(summary(set.diagnostics), Contains("error blocked-word default/web"));
  EXPECT_THAT(set.diagnostics.front().text,
              HasSubstr("nginx.ingress.kubernetes.io/upstream-vhost annotation contains invalid word lua_package"));
}

// --- versions -----------------------------------------------------------------------------------------------------

TEST(Accept, ARefusedNewObjectIsNotServed) {
  const AcceptedSet set = Cluster().add(web().annotation("limit-rps", "many")).accepted();

  EXPECT_THAT(set.ingresses, IsEmpty());
  EXPECT_THAT(summary(set.diagnostics), Contains("warning ingress-refused default/web"));
}

TEST(Accept, ARefusedUpdateKeepsTheVersionBefore) {
  Cluster cluster;
  cluster.add(web().annotation("app-root", "/old"));
  const AcceptedSet before = cluster.accepted();
  cluster.add(web().annotation("app-root", "/new").annotation("limit-rps", "many"));
  const AcceptedSet set = cluster.accepted(before);

  ASSERT_EQ(set.ingresses.count(kWeb), 1u);
  const AcceptedIngress& kept = *set.ingresses.at(kWeb);
  EXPECT_EQ(kept.policies.rewrite.app_root, "/old");
  EXPECT_EQ(kept.object, before.ingresses.at(kWeb)->object);
  EXPECT_EQ(kept.refused, cluster.state.ingresses.at(kWeb));
  EXPECT_THAT(summary(set.diagnostics), Contains("warning ingress-refused default/web"));
}

TEST(Accept, ARefusedUpdateStaysOutInLaterRoundsAndASoundOneComesIn) {
  Cluster cluster;
  cluster.add(web());
  AcceptedSet set = cluster.accepted();
  cluster.add(web().annotation("limit-rps", "many"));
  set = cluster.accepted(set);
  const auto kept = set.ingresses.at(kWeb);
  set = cluster.accepted(set);
  EXPECT_EQ(set.ingresses.at(kWeb), kept);

  cluster.add(web().annotation("app-root", "/x"));
  set = cluster.accepted(set);

  EXPECT_EQ(set.ingresses.at(kWeb)->refused, nullptr);
  EXPECT_EQ(set.ingresses.at(kWeb)->policies.rewrite.app_root, "/x");
}

TEST(Accept, ADeletedIngressGoesEvenIfItsLastVersionWasRefused) {
  Cluster cluster;
  cluster.add(web());
  AcceptedSet set = cluster.accepted();
  cluster.add(web().annotation("limit-rps", "many"));
  set = cluster.accepted(set);
  cluster.state.ingresses.clear();

  EXPECT_THAT(cluster.accepted(set).ingresses, IsEmpty());
}

TEST(Accept, UnchangedIngressesAreReused) {
  Cluster cluster;
  cluster.add(web()).add(ing("other").path("b.example", "/", "web"));
  const AcceptedSet before = cluster.accepted();
  cluster.add(ing("other").path("c.example", "/", "web"));
  const AcceptedSet set = cluster.accepted(before);

  EXPECT_EQ(set.ingresses.at(kWeb), before.ingresses.at(kWeb));
  EXPECT_NE(set.ingresses.at({"default", "other"}), before.ingresses.at({"default", "other"}));
}

TEST(Accept, RefusedNewObjectsAreNotReadAgain) {
  Cluster cluster;
  cluster.add(web().annotation("limit-rps", "many"));
  const AcceptedSet first = cluster.accepted();
  const AcceptedSet second = cluster.accepted(first);

  EXPECT_EQ(second.refused_new, first.refused_new);
  EXPECT_EQ(second.diagnostics, first.diagnostics);
}

TEST(Accept, DiagnosticsNameTheFileAlsoWhenTheObjectMoves) {
  Cluster cluster;
  cluster.add(web().annotation("no-such-thing", "x"));
  cluster.state.ingress_origins[kWeb] = {"a.yaml", 3};
  const AcceptedSet before = cluster.accepted();
  ASSERT_EQ(before.diagnostics.size(), 1u);
  EXPECT_EQ(before.diagnostics.front().file, "a.yaml");
  EXPECT_EQ(before.diagnostics.front().line, 3);

  cluster.state.ingress_origins[kWeb] = {"a.yaml", 30};

  EXPECT_EQ(cluster.accepted(before).diagnostics.front().line, 30);
}

// --- settings -----------------------------------------------------------------------------------------------------

TEST(Accept, AMissingConfigMapMeansDefaults) {
  Cluster cluster;
  cluster.options.config_map = kube::ObjectName{"weir", "config"};
  const AcceptedSet set = cluster.accepted();

  ASSERT_NE(set.settings, nullptr);
  EXPECT_EQ(set.settings->settings.http_redirect_code, 308);
}

TEST(Accept, OnlyTheConfigMapOfTheFlagIsRead) {
  Cluster cluster;
  cluster.settings({{"http-redirect-code", "301"}});
  EXPECT_EQ(cluster.accepted().settings->settings.http_redirect_code, 301);

  cluster.options.config_map = std::nullopt;

  EXPECT_EQ(cluster.accepted().settings->settings.http_redirect_code, 308);
}

TEST(Accept, DeletingTheConfigMapKeepsItsLastValues) {
  Cluster cluster;
  cluster.settings({{"http-redirect-code", "301"}});
  const AcceptedSet before = cluster.accepted();
  cluster.state.config_maps.clear();

  EXPECT_EQ(cluster.accepted(before).settings->settings.http_redirect_code, 301);
}

TEST(Accept, AChangedConfigMapReadsAllAnnotationsAgain) {
  Cluster cluster;
  cluster.add(web());
  const AcceptedSet before = cluster.accepted();
  cluster.settings({{"ssl-redirect", "false"}});
  const AcceptedSet set = cluster.accepted(before);

  EXPECT_TRUE(before.ingresses.at(kWeb)->policies.https_redirect.ssl_redirect);
  EXPECT_FALSE(set.ingresses.at(kWeb)->policies.https_redirect.ssl_redirect);
}

TEST(Accept, AnEqualConfigMapKeepsEverything) {
  Cluster cluster;
  cluster.settings({{"ssl-redirect", "false"}}).add(web());
  const AcceptedSet before = cluster.accepted();
  cluster.settings({{"ssl-redirect", "false"}});
  const AcceptedSet set = cluster.accepted(before);

  EXPECT_EQ(set.settings, before.settings);
  EXPECT_EQ(set.ingresses.at(kWeb), before.ingresses.at(kWeb));
}

TEST(Accept, SettingsThatRefuseAnAcceptedObjectLeaveItInForce) {
  Cluster cluster;
  cluster.add(web().annotation("upstream-vhost", "bad.example"));
  const AcceptedSet before = cluster.accepted();
  cluster.settings({{"annotation-value-word-blocklist", "bad"}});
  const AcceptedSet set = cluster.accepted(before);

  ASSERT_EQ(set.ingresses.count(kWeb), 1u);
  EXPECT_EQ(set.ingresses.at(kWeb)->policies.upstream_host.value, "bad.example");
  EXPECT_EQ(set.ingresses.at(kWeb)->refused, cluster.state.ingresses.at(kWeb));
}

TEST(Accept, ASettingsChangeReachesTheVersionInForceOfARefusedUpdate) {
  Cluster cluster;
  cluster.add(web());
  AcceptedSet set = cluster.accepted();
  cluster.add(web().annotation("limit-rps", "many"));
  set = cluster.accepted(set);
  cluster.settings({{"ssl-redirect", "false"}});
  set = cluster.accepted(set);

  EXPECT_FALSE(set.ingresses.at(kWeb)->policies.https_redirect.ssl_redirect);
  EXPECT_NE(set.ingresses.at(kWeb)->refused, nullptr);
}

}  // namespace
}  // namespace weir::model
