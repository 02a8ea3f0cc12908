#include "cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::model {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

IngressBuilder canary(const std::string& name, std::int64_t created) {
  return ing(name).created(created).annotation("canary", "true").annotation("canary-weight", "20");
}

struct Built {
  BuildResult result;
  explicit Built(const Cluster& cluster) : result(cluster.built()) {}
  const Backend& backend(const std::string& name) const {
    static const Backend none;
    const Backend* found = find_backend(result.model, name);
    return found ? *found : none;
  }
  std::vector<std::string> alternatives(const std::string& name) const { return backend(name).alternatives; }
};

TEST(Canaries, AttachToTheBackendOfTheSameRule) {
  Cluster cluster;
  cluster.service("web").service("next");
  cluster.add(ing("main").created(1).path("a.example", "/app", "web"));
  cluster.add(canary("next", 2).path("A.example", "/app", "next", std::nullopt));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), ElementsAre("default-next-80"));
  EXPECT_EQ(built.backend("default-next-80").canary.weight, 20);
  EXPECT_EQ(built.backend("default-next-80").canary_owner.name, "next");
  EXPECT_THAT(built.result.diagnostics, IsEmpty());
}

TEST(Canaries, NeedTheSamePathAndType) {
  Cluster cluster;
  cluster.service("web").service("next").service("exact");
  cluster.add(ing("main").created(1).path("a.example", "/", "web"));
  cluster.add(canary("empty-path", 2).path("a.example", "", "next"));
  cluster.add(canary("other-type", 3).exact("a.example", "/", "exact"));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), IsEmpty());
  EXPECT_EQ(find_backend(built.result.model, "default-next-80"), nullptr);
  EXPECT_THAT(summary(built.result.diagnostics), ElementsAre("warning canary-without-primary default/empty-path",
                                                             "warning canary-without-primary default/other-type"));
}

TEST(Canaries, NeverAttachToTheDefaultBackendOrToThemselves) {
  Cluster cluster;
  cluster.service("web").service("next");
  cluster.add(ing("main").created(1).path("a.example", "/app", "web"));
  cluster.add(canary("root", 2).path("a.example", "/", "next"));
  cluster.add(canary("same", 3).path("a.example", "/app", "web"));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), IsEmpty());
  EXPECT_THAT(summary(built.result.diagnostics),
              ElementsAre("warning canary-without-primary default/root", "info canary-is-primary default/same"));
}

TEST(Canaries, ARuleThatFoundNoPrimaryVoidsLaterOnesToTheSameService) {
  Cluster cluster;
  cluster.service("web").service("next");
  cluster.add(ing("main").created(1).path("a.example", "/app", "web"));
  cluster.add(canary("next", 2).path("a.example", "/missing", "next").path("a.example", "/app", "next"));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), IsEmpty());
  EXPECT_EQ(built.result.diagnostics.size(), 2u);
}

TEST(Canaries, AreOrderedByAge) {
  Cluster cluster;
  cluster.service("web").service("c1").service("c2");
  cluster.add(ing("main").created(9).path("a.example", "/", "web"));
  cluster.add(canary("younger", 3).path("a.example", "/", "c2"));
  cluster.add(canary("older", 2).path("a.example", "/", "c1"));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), ElementsAre("default-c1-80", "default-c2-80"));
  EXPECT_THAT(summary(built.result.diagnostics), ElementsAre("warning canary-shadowed default/younger"));
}

TEST(Canaries, TellTheYoungerOfTwoForOneRuleAndServiceThatItHasNoEffect) {
  Cluster cluster;
  cluster.service("web").service("next");
  cluster.add(ing("main").created(1).path("a.example", "/", "web"));
  cluster.add(canary("older", 2).path("a.example", "/", "next"));
  cluster.add(canary("younger", 3).path("a.example", "/", "next").annotation("canary-weight", "90"));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), ElementsAre("default-next-80"));
  EXPECT_EQ(built.backend("default-next-80").canary.weight, 20);
  EXPECT_THAT(summary(built.result.diagnostics), ElementsAre("warning canary-shadowed default/younger"));
  EXPECT_THAT(built.result.diagnostics.front().text,
              StartsWith("host \"a.example\" and path \"/\": ingress default/older, which is older,"));
}

TEST(Canaries, OfOneServiceElsewhereAreToldOnceWhoseRulesCountIfTheirsAreOther) {
  Cluster cluster;
  cluster.service("web").service("next");
  cluster.add(ing("main").created(1).path("a.example", "/", "web").path("b.example", "/", "web"));
  cluster.add(ing("more").created(1).path("b.example", "/more", "web").path("c.example", "/", "web"));
  cluster.add(canary("older", 2).path("a.example", "/", "next"));
  cluster.add(canary("equal", 3).path("c.example", "/", "next"));
  cluster.add(canary("other", 4)
                  .path("b.example", "/", "next")
                  .path("b.example", "/more", "next")
                  .annotation("canary-weight", "90"));
  const Built built(cluster);

  EXPECT_EQ(built.backend("default-next-80").canary.weight, 20);
  EXPECT_THAT(summary(built.result.diagnostics), ElementsAre("warning canary-settings-shadowed default/other"));
}

TEST(Canaries, StopWhereTheirServiceIsAPrimaryOfTheHost) {
  Cluster cluster;
  cluster.service("web").service("next");
  cluster.add(ing("main").created(2).path("a.example", "/preview", "next").path("a.example", "/app", "web"));
  cluster.add(canary("next", 1).path("a.example", "/app", "next"));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), IsEmpty());
  EXPECT_THAT(summary(built.result.diagnostics), ElementsAre("warning canary-is-primary default/next"));
}

// Spec 10.5: in the original an older canary hides ordinary paths to the same service.
TEST(Canaries, DoNotHideOrdinaryPathsToTheirService) {
  Cluster cluster;
  cluster.service("web").service("next");
  cluster.add(canary("next", 1).path("a.example", "/", "next"));
  cluster.add(ing("main").created(2).path("a.example", "/", "web"));
  cluster.add(ing("preview").created(3).path("preview.example", "/", "next"));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), ElementsAre("default-next-80"));
  const Location* preview = find_location(built.result.model, "preview.example", "/");
  ASSERT_NE(preview, nullptr);
  EXPECT_EQ(preview->backend, "default-next-80");
}

TEST(Canaries, TakeTheirRulesFromTheOldestIngressOfTheService) {
  Cluster cluster;
  cluster.service("web").service("next");
  cluster.add(ing("preview").created(1).path("preview.example", "/", "next"));
  cluster.add(ing("main").created(2).path("a.example", "/", "web"));
  cluster.add(canary("next", 3).path("a.example", "/", "next"));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), ElementsAre("default-next-80"));
  EXPECT_EQ(built.backend("default-next-80").canary.weight, 0);
  EXPECT_THAT(summary(built.result.diagnostics), ElementsAre("warning canary-settings-shadowed default/next"));
}

TEST(Canaries, WithOnlyADefaultBackendAttachToTheCatchAll) {
  Cluster cluster;
  cluster.service("web").service("next").service("all");
  cluster.add(ing("hostless").created(1).path("", "/app", "web"));
  cluster.add(ing("taker").created(2).default_backend("all"));
  cluster.add(canary("next", 3).default_backend("next"));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), ElementsAre("default-next-80"));
  EXPECT_THAT(built.alternatives("default-all-80"), ElementsAre("default-next-80"));
}

TEST(Canaries, OfAServiceThatDoesNotExistAreReported) {
  Cluster cluster;
  cluster.service("web");
  cluster.add(ing("main").created(1).path("a.example", "/", "web"));
  cluster.add(canary("next", 2).path("a.example", "/", "nowhere"));
  const Built built(cluster);

  EXPECT_EQ(built.backend("default-nowhere-80").state, BackendState::no_service);
  EXPECT_THAT(summary(built.result.diagnostics), ElementsAre("warning service-missing default/next"));
}

TEST(Canaries, WithoutHttpSectionOrHostAreSkipped) {
  Cluster cluster;
  cluster.service("web").service("next");
  cluster.add(ing("main").created(1).path("a.example", "/", "web"));
  cluster.add(canary("bare", 2).bare_host("a.example"));
  cluster.add(canary("lost", 3).path("lost.example", "/", "next"));
  const Built built(cluster);

  EXPECT_THAT(built.alternatives("default-web-80"), IsEmpty());
  EXPECT_EQ(find_host(built.result.model, "lost.example"), nullptr);
  EXPECT_THAT(summary(built.result.diagnostics), ElementsAre("warning canary-without-primary default/lost"));
}

TEST(Canaries, GetTheAffinityOfTheirPrimaryUnlessLegacy) {
  Cluster cluster;
  cluster.service("web").service("next").service("plain").service("legacy");
  cluster.add(ing("main").created(1).path("a.example", "/", "web").annotation("affinity", "cookie"));
  cluster.add(canary("next", 2).path("a.example", "/", "next"));
  cluster.add(ing("other").created(1).path("b.example", "/", "plain").annotation("affinity", "cookie"));
  cluster.add(canary("legacy", 2).path("b.example", "/", "legacy").annotation("affinity-canary-behavior", "legacy"));
  const Built built(cluster);

  EXPECT_TRUE(built.backend("default-next-80").affinity.cookie);
  EXPECT_FALSE(built.backend("default-legacy-80").affinity.cookie);
}

// Who finds the canary attached already adds nothing, stickiness neither.
TEST(Canaries, StickAsTheOneSaysThatAttachesThem) {
  Cluster cluster;
  cluster.service("web").service("next");
  cluster.add(ing("main").created(1).path("a.example", "/", "web").annotation("affinity", "cookie"));
  cluster.add(canary("older", 2).path("a.example", "/", "next").annotation("affinity-canary-behavior", "legacy"));
  cluster.add(canary("younger", 3).path("a.example", "/", "next"));
  const Built built(cluster);

  EXPECT_FALSE(built.backend("default-next-80").affinity.cookie);
}

}  // namespace
}  // namespace weir::model
