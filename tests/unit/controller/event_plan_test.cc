#include "controller/event_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::controller {
namespace {

using base::Severity;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const std::string kPrefix = "nginx.ingress.kubernetes.io";
const base::ObjectRef kWeb{"Ingress", "n", "web"};

base::Diagnostic about(const std::string& code, const std::string& key, const std::string& text,
                       Severity severity = Severity::warning, const base::ObjectRef& object = kWeb) {
  return {severity, code, object, key, text, "", 0};
}

std::string reason_for(const std::string& code, Severity severity = Severity::warning) {
  const Warnings warnings = warnings_of({about(code, "", "x", severity)}, kPrefix);
  return warnings.empty() ? "" : warnings.begin()->first.second;
}

TEST(EventPlan, AnAnnotationThatCannotBeUsedIsNamedInFull) {
  EXPECT_THAT(warnings_of({about("annotation-denies", "limit-rps", "must be a number")}, kPrefix),
              ElementsAre(Pair(Pair(kWeb, "AnnotationParsingFailed"),
                               "Error parsing annotations: annotation nginx.ingress.kubernetes.io/limit-rps: must be "
                               "a number")));
}

TEST(EventPlan, WhatGoesByOneReasonIsOneEvent) {
  EXPECT_THAT(
      warnings_of({about("path-duplicate", "", "one"), about("path-relative", "spec.rules[0]", "two")}, kPrefix),
      ElementsAre(Pair(Pair(kWeb, "RouteProblem"), "one; spec.rules[0]: two")));
}

TEST(EventPlan, EachCodeHasItsReason) {
  EXPECT_EQ(reason_for("annotation-risky", Severity::error), "Rejected");
  EXPECT_EQ(reason_for("deep-inspect", Severity::error), "Rejected");
  EXPECT_EQ(reason_for("annotation-invalid"), "AnnotationParsingFailed");
  EXPECT_EQ(reason_for("annotation-unknown"), "AnnotationIgnored");
  EXPECT_EQ(reason_for("certificate-broken"), "CertificateProblem");
  EXPECT_EQ(reason_for("default-certificate-missing"), "CertificateProblem");
  EXPECT_EQ(reason_for("default-backend-unusable"), "BackendProblem");
  EXPECT_EQ(reason_for("service-port-missing"), "BackendProblem");
  EXPECT_EQ(reason_for("setting-invalid"), "SettingProblem");
  EXPECT_EQ(reason_for("host-invalid", Severity::error), "RouteProblem");
  EXPECT_EQ(reason_for("something-new"), "ConfigurationProblem");
}

TEST(EventPlan, ObjectsOfOtherControllersGetNone) {
  EXPECT_EQ(reason_for("class-foreign"), "");
}

TEST(EventPlan, InfosAndObjectsWithoutNamespaceGetNone) {
  EXPECT_EQ(reason_for("no-endpoints", Severity::info), "");
  EXPECT_THAT(warnings_of({about("x", "", "y", Severity::warning, {"IngressClass", "", "nginx"}),
                           about("x", "", "y", Severity::warning, {})},
                          kPrefix),
              IsEmpty());
}

}  // namespace
}  // namespace weir::controller
