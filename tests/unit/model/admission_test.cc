#include "weir/model/admission.h"

#include "cluster.h"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

base::Diagnostics admission(const Cluster& cluster) {
  return admission_errors(cluster.accepted(), cluster.state, cluster.options);
}

TEST(Admission, PassesAnOrdinaryIngress) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/a-b_c.d/", "web").exact("a.example", "/", "web"));

  EXPECT_THAT(admission(cluster), IsEmpty());
}

TEST(Admission, StrictPathsRefuseSpecialCharactersInExactAndPrefix) {
  Cluster cluster;
  cluster.add(ing("a").exact("a.example", "/a(/|$)", "web"));
  const auto found = admission(cluster);

  ASSERT_THAT(summary(found), ElementsAre("error path-type-strict default/a"));
  EXPECT_EQ(found[0].text, "ingress contains invalid paths: path /a(/|$) cannot be used with pathType Exact");
}

TEST(Admission, ImplementationSpecificPathsAreFree) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/a(/|$)", "web", kube::PathType::implementation_specific));

  EXPECT_THAT(admission(cluster), IsEmpty());
}

TEST(Admission, APathWithoutATypeIsNoFreerThanAPrefix) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/a(/|$)", "web", std::nullopt));
  const auto found = admission(cluster);

  ASSERT_THAT(summary(found), ElementsAre("error path-type-strict default/a"));
  EXPECT_EQ(found[0].text, "ingress contains invalid paths: path /a(/|$) cannot be used with pathType Prefix");
}

TEST(Admission, StrictPathsAreAWarningWhenSwitchedOff) {
  Cluster cluster;
  cluster.settings({{"strict-validate-path-type", "false"}});
  cluster.add(ing("a").path("a.example", "/a$", "web"));
  const auto found = admission(cluster);

  ASSERT_THAT(summary(found), ElementsAre("warning path-type-strict default/a"));
  EXPECT_EQ(found[0].text, "path /a$ cannot be used with pathType Prefix");
}

TEST(Admission, APathOfAnotherIngressIsTakenWhateverItsType) {
  Cluster cluster;
  cluster.add(ing("a").created(1).path("a.example", "/x", "web"));
  cluster.add(ing("b").created(2).exact("a.example", "/x", "web"));
  const auto found = admission(cluster);

  ASSERT_THAT(summary(found), ElementsAre("error path-duplicate default/b"));
  EXPECT_THAT(found[0].text, HasSubstr("host \"a.example\" and path \"/x\" is already defined in ingress default/a"));
}

TEST(Admission, SameTypeIsLeftToBuildSoThatItIsReportedOnce) {
  Cluster cluster;
  cluster.add(ing("a").created(1).path("a.example", "/x", "web"));
  cluster.add(ing("b").created(2).path("a.example", "/x", "web"));

  EXPECT_THAT(admission(cluster), IsEmpty());
}

TEST(Admission, BothTypesWithinOneIngressAndCanariesPass) {
  Cluster cluster;
  cluster.add(ing("a").created(1).path("a.example", "/x", "web").exact("a.example", "/x", "web"));
  cluster.add(ing("b").created(2).exact("b.example", "/x", "web"));
  cluster.add(ing("c").created(3).path("b.example", "/x", "web").annotation("canary", "false"));
  cluster.add(ing("d").created(4).path("b.example", "/x", "web").annotation("canary", "true"));

  EXPECT_THAT(admission(cluster), IsEmpty());
}

TEST(Admission, TheUidMustBeAUuidWhereThereIsOne) {
  IngressBuilder good = ing("good").path("a.example", "/", "web");
  good.object.meta.uid = "09927cae-bca1-11e8-bbd2-42010a8a00bb";
  IngressBuilder bad = ing("bad").path("b.example", "/", "web");
  bad.object.meta.uid = "$(id)";
  Cluster cluster;
  cluster.add(good).add(bad);

  EXPECT_THAT(summary(admission(cluster)), ElementsAre("error uid-invalid default/bad"));
}

TEST(Admission, ForeignAndDeletedObjectsAreNotChecked) {
  IngressBuilder going = ing("going").path("b.example", "/b$", "web");
  going.object.meta.deleting = true;
  Cluster cluster;
  cluster.add(ing("foreign").path("a.example", "/a$", "web").class_name("other")).add(going);

  EXPECT_THAT(admission(cluster), IsEmpty());
}

TEST(Admission, WhatIsBeingDeletedIsAdmittedWithWarnings) {
  Cluster cluster;
  for (const bool deleting : {false, true}) {
    IngressBuilder going =
        ing(deleting ? "going" : "staying").path("a.example", "/x", "web").annotation("configuration-snippet", "x;");
    going.object.meta.deleting = deleting;
    cluster.add(going);
  }
  base::Diagnostics found = cluster.accepted().diagnostics;
  admit_leaving(cluster.state, found);

  const auto said = summary(found);
  EXPECT_THAT(said, testing::Contains("warning annotation-snippet default/going"));
  EXPECT_THAT(said, testing::Not(testing::Contains("error annotation-snippet default/going")));
  EXPECT_THAT(said, testing::Contains("error annotation-snippet default/staying"));
}

TEST(Admission, NamesTheFile) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/a$", "web"));
  cluster.state.ingress_origins[{"default", "a"}] = {"x.yaml", 7};

  EXPECT_EQ(admission(cluster).at(0).file, "x.yaml");
  EXPECT_EQ(admission(cluster).at(0).line, 7);
}

// What the webhook refuses is an error already in accept (spec 8.8, steps 2, 8, 9).
TEST(Admission, SnippetsAreRefusedWhileTheyAreOff) {
  Cluster cluster;
  cluster.add(ing("a").path("a.example", "/", "web").annotation("configuration-snippet", "x;"));
  const AcceptedSet set = cluster.accepted();

  EXPECT_THAT(set.ingresses, IsEmpty());
  EXPECT_THAT(summary(set.diagnostics), testing::Contains(HasSubstr("error annotation-")));
}

}  // namespace
}  // namespace weir::model
