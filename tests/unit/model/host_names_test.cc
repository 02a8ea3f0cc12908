#include "model/host_names.h"

#include "cluster.h"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

IngressBuilder host(const std::string& name, const std::string& host_name, const std::string& aliases) {
  IngressBuilder builder = ing(name).path(host_name, "/", "web");
  if (!aliases.empty()) builder.annotation("server-alias", aliases);
  return builder;
}

std::vector<std::string> aliases(const Cluster& cluster, const std::string& name) {
  const Model model = cluster.built().model;
  const Host* found = find_host(model, name);
  return found == nullptr ? std::vector<std::string>{"no such host"} : found->aliases;
}

TEST(Aliases, AreSortedWithoutDuplicatesAndInLowerCase) {
  Cluster cluster;
  cluster.add(host("a", "a.example", "c.example, B.example, c.example,~^X$"));

  EXPECT_THAT(aliases(cluster, "a.example"), ElementsAre("b.example", "c.example", "~^X$"));
}

TEST(Aliases, OfTheFirstIngressWithAListCount) {
  Cluster cluster;
  cluster.add(ing("oldest").created(0).path("a.example", "/o", "web"));
  cluster.add(ing("old").created(1).path("a.example", "/x", "web").annotation("server-alias", "one.example"));
  cluster.add(ing("young").created(2).path("a.example", "/y", "web").annotation("server-alias", "two.example"));

  EXPECT_THAT(aliases(cluster, "a.example"), ElementsAre("one.example"));
  EXPECT_THAT(summary(cluster.built().diagnostics), Contains("warning alias-shadowed default/young"));
}

TEST(Aliases, EqualToARuleHostAreDropped) {
  Cluster cluster;
  cluster.add(host("a", "a.example", "a.example,b.example,c.example")).add(host("b", "b.example", ""));

  EXPECT_THAT(aliases(cluster, "a.example"), ElementsAre("c.example"));
  EXPECT_THAT(summary(cluster.built().diagnostics), Contains("warning alias-taken default/a"));
}

TEST(Aliases, OfTwoHostsBelongToTheFirstByName) {
  Cluster cluster;
  cluster.add(host("z", "a.example", "x.example")).add(host("a", "b.example", "x.example,y.example"));

  EXPECT_THAT(aliases(cluster, "a.example"), ElementsAre("x.example"));
  EXPECT_THAT(aliases(cluster, "b.example"), ElementsAre("y.example"));
}

TEST(WwwRedirect, MakesAHostThatOnlyRedirects) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/", "web").annotation("from-to-www-redirect", "true").tls({"a.example"}, ""));
  const Model model = cluster.built().model;

  const Host* extra = find_host(model, "www.a.example");
  ASSERT_NE(extra, nullptr);
  EXPECT_EQ(extra->www_redirect_to, "a.example");
  EXPECT_THAT(extra->locations, IsEmpty());
  EXPECT_TRUE(extra->has_tls);
}

TEST(WwwRedirect, GoesTheOtherWayForWwwHosts) {
  Cluster cluster;
  cluster.add(ing("a").path("www.a.example", "/", "web").annotation("from-to-www-redirect", "true"));
  const Model model = cluster.built().model;

  ASSERT_NE(find_host(model, "a.example"), nullptr);
  EXPECT_EQ(find_host(model, "a.example")->www_redirect_to, "www.a.example");
}

TEST(WwwRedirect, GivesWayToAConfiguredHost) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/", "web").annotation("from-to-www-redirect", "true"));
  cluster.add(ing("b").path("www.a.example", "/", "web").annotation("from-to-www-redirect", "true"));
  const BuildResult result = cluster.built();

  EXPECT_EQ(find_host(result.model, "a.example")->www_redirect_to, "");
  EXPECT_EQ(find_host(result.model, "www.a.example")->www_redirect_to, "");
  EXPECT_THAT(summary(result.diagnostics), Contains("warning www-redirect-skipped default/a"));
}

TEST(WwwRedirect, NeedsAWinningLocation) {
  Cluster cluster;
  cluster.add(ing("old").created(1).path("a.example", "/", "web"));
  cluster.add(ing("young").created(2).path("a.example", "/", "web").annotation("from-to-www-redirect", "true"));

  EXPECT_EQ(find_host(cluster.built().model, "www.a.example"), nullptr);
}

TEST(WwwRedirect, IsNotMadeForWildcardsAndTheCatchAll) {
  Cluster cluster;
  cluster.add(ing("a").path("*.a.example", "/", "web").path("", "/", "web").annotation("from-to-www-redirect", "true"));
  const BuildResult result = cluster.built();

  EXPECT_EQ(result.model.hosts.size(), 2u);
  EXPECT_THAT(summary(result.diagnostics), Contains("warning www-redirect-skipped default/a").Times(2));
}

TEST(WwwRedirect, BeatsAnAliasOfTheSameName) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/", "web").annotation("from-to-www-redirect", "true"));
  cluster.add(host("b", "b.example", "www.a.example"));

  EXPECT_THAT(aliases(cluster, "b.example"), IsEmpty());
}

}  // namespace
}  // namespace weir::model
