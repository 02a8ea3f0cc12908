#include "weir/model/review.h"

#include "cluster.h"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Review review_of(const IngressBuilder& builder, const Cluster& live = {}, bool only_this = false) {
  return review(std::make_shared<kube::Ingress>(builder.object), live.accepted(), live.state, live.options, only_this);
}

TEST(Review, AllowsAnOrdinaryIngress) {
  const Review found = review_of(ing("a").path("a.example", "/", "web"));

  EXPECT_TRUE(found.allowed);
  EXPECT_TRUE(found.counted);
  EXPECT_THAT(found.warnings, IsEmpty());
}

TEST(Review, AnotherClassIsNotJudged) {
  const Review found =
      review_of(ing("a").class_name("traefik").path("a.example", "/a(", "web").annotation("auth-type", "nonsense"));

  EXPECT_TRUE(found.allowed);
  EXPECT_FALSE(found.counted);
}

TEST(Review, AnotherNamespaceIsNotJudged) {
  Cluster live;
  live.options.watch_namespace = "team";

  EXPECT_TRUE(review_of(ing("a").path("a.example", "/a(", "web"), live).allowed);
}

TEST(Review, AnObjectThatIsBeingDeletedIsNotJudged) {
  IngressBuilder leaving = ing("a").path("a.example", "/a(", "web");
  leaving.object.meta.deleting = true;

  EXPECT_TRUE(review_of(leaving).allowed);
}

TEST(Review, DeepInspectionComesBeforeTheClass) {
  const Review found = review_of(ing("a").class_name("traefik").path("a.example", "/etc/nginx", "web"));

  EXPECT_FALSE(found.allowed);
  EXPECT_THAT(found.message, StartsWith("invalid object: "));
}

TEST(Review, ADefaultBackendIsRefusedWhereCatchAllIsDisabled) {
  Cluster live;
  live.options.disable_catch_all = true;

  EXPECT_FALSE(review_of(ing("a").default_backend("web"), live).allowed);
  EXPECT_TRUE(review_of(ing("a").path("a.example", "/", "web"), live).allowed);
}

TEST(Review, AUidThatIsNoneIsRefused) {
  IngressBuilder strange = ing("a").path("a.example", "/", "web");
  strange.object.meta.uid = "x";
  const Review found = review_of(strange);

  EXPECT_FALSE(found.allowed);
  EXPECT_EQ(found.message, "ingress has invalid UID");
}

TEST(Review, StrictPathsNameEachPathThatTheyRefuse) {
  const Review found = review_of(ing("a").path("a.example", "/a$", "web").exact("a.example", "/b(", "web"));

  EXPECT_FALSE(found.allowed);
  EXPECT_EQ(found.message,
            "ingress contains invalid paths: path /a$ cannot be used with pathType Prefix, path /b( cannot be used "
            "with pathType Exact");
}

// Spec 8.8: check_success and check_errors.
TEST(Review, OnlyTheStepsFromAnnotationsOnAreCounted) {
  Cluster live;
  live.options.disable_catch_all = true;
  live.settings({{"annotation-value-word-blocklist", "secretword"}, {"annotations-risk-level", "Medium"}});
  live.add(ing("old").path("taken.example", "/", "web"));
  const auto one = [](const char* host = "a.example", const char* path = "/") {
    return ing("a").path(host, path, "web");
  };
  IngressBuilder strange = one();
  strange.object.meta.uid = "x";

  const IngressBuilder early[] = {ing("a").default_backend("web"), strange, one("a.example", "/a$"),
                                  one().annotation("app-root", "/secretword"),
                                  one().annotation("configuration-snippet", "x;")};
  for (const IngressBuilder& builder : early) {
    const Review found = review_of(builder, live);
    EXPECT_FALSE(found.allowed);
    EXPECT_FALSE(found.counted) << found.message;
  }
  const IngressBuilder late[] = {one().annotation("server-alias", "b.example"), one("taken.example")};
  for (const IngressBuilder& builder : late) {
    const Review found = review_of(builder, live);
    EXPECT_FALSE(found.allowed);
    EXPECT_TRUE(found.counted) << found.message;
  }
  EXPECT_TRUE(review_of(one(), live).counted);
}

TEST(Review, StrictPathsAreAWarningWhenSwitchedOff) {
  Cluster live;
  live.settings({{"strict-validate-path-type", "false"}});
  const Review found = review_of(ing("a").path("a.example", "/a$", "web"), live);

  EXPECT_TRUE(found.allowed);
  EXPECT_THAT(found.warnings, ElementsAre("path /a$ cannot be used with pathType Prefix"));
}

TEST(Review, AnAnnotationThatRefusesItsObjectIsNamed) {
  const Review found =
      review_of(ing("a").path("a.example", "/", "web").annotation("configuration-snippet", "return 200;"));

  EXPECT_FALSE(found.allowed);
  EXPECT_THAT(found.message, HasSubstr("configuration-snippet"));
}

TEST(Review, ABlockedWordIsRefused) {
  Cluster live;
  live.settings({{"annotation-value-word-blocklist", "secretword"}});
  const Review found = review_of(ing("a").path("a.example", "/", "web").annotation("app-root", "/secretword"), live);

  EXPECT_FALSE(found.allowed);
  EXPECT_THAT(found.message, HasSubstr("contains invalid word secretword"));
}

TEST(Review, AnUnknownAnnotationIsAWarning) {
  const Review found = review_of(ing("a").path("a.example", "/", "web").annotation("rewrite-traget", "/"));

  EXPECT_TRUE(found.allowed);
  EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("rewrite-target")));
}

TEST(Review, APathOfAnotherIngressIsTakenWhateverItsTypeAndCase) {
  Cluster live;
  live.add(ing("old").path("a.example", "/x", "web"));
  const Review found = review_of(ing("new").exact("A.example", "/x", "web"), live);

  EXPECT_FALSE(found.allowed);
  EXPECT_EQ(found.message, "host \"a.example\" and path \"/x\" is already defined in ingress default/old");
}

TEST(Review, RulesWithoutAHostAndPathAreComparedToo) {
  Cluster live;
  live.add(ing("old").path("", "/", "web"));
  const Review found = review_of(ing("new").path("", "", "web"), live);

  EXPECT_EQ(found.message, "host \"_\" and path \"/\" is already defined in ingress default/old");
}

TEST(Review, AnIngressDoesNotCollideWithItsOwnOlderVersion) {
  Cluster live;
  live.add(ing("a").path("a.example", "/", "web"));

  EXPECT_TRUE(review_of(ing("a").path("a.example", "/", "other"), live).allowed);
}

TEST(Review, ACanaryMayShareAPath) {
  Cluster live;
  live.add(ing("old").path("a.example", "/", "web"));

  EXPECT_TRUE(review_of(ing("new").path("a.example", "/", "other").annotation("canary", "true"), live).allowed);
}

TEST(Review, OtherIngressesDoNotCountWithoutTheFullTest) {
  Cluster live;
  live.add(ing("old").path("a.example", "/", "web"));

  EXPECT_TRUE(review_of(ing("new").path("a.example", "/", "web"), live, true).allowed);
}

}  // namespace
}  // namespace weir::model
