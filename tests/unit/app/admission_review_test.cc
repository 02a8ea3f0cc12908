#include "app/admission_review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace weir::app {
namespace {

using testing::HasSubstr;

std::string document(const std::string& object, const std::string& kind = "Ingress",
                     const std::string& version = "admission.k8s.io/v1") {
  return R"({"apiVersion":")" + version + R"(","kind":"AdmissionReview","request":{"uid":"u-1",)" +
         R"("kind":{"group":"networking.k8s.io","version":"v1","kind":")" + kind + R"("},"object":)" + object + "}}";
}

const char* const kIngress =
    R"({"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web","namespace":"team"},)"
    R"("spec":{"defaultBackend":{"service":{"name":"web","port":{"number":80}}}}})";

TEST(AdmissionReview, HoldsTheIngressAndTheUid) {
  const AdmissionRequest request = read_admission_review(document(kIngress));

  ASSERT_EQ(request.status, 200);
  EXPECT_EQ(request.uid, "u-1");
  ASSERT_TRUE(request.ingress) << request.problem;
  EXPECT_EQ(request.ingress->meta.ns, "team");
}

TEST(AdmissionReview, WhatIsNoReviewIs400) {
  for (const char* text : {"", "x", "[]", "{}", "{\"kind\":1}", "{\"apiVersion\":\"admission.k8s.io/v1\"}"}) {
    EXPECT_EQ(read_admission_review(text).status, 400) << text;
  }
}

TEST(AdmissionReview, AnotherVersionOrKindIs500) {
  EXPECT_EQ(read_admission_review(document(kIngress, "Ingress", "admission.k8s.io/v1beta1")).status, 500);
  EXPECT_EQ(read_admission_review(document(kIngress, "Pod")).status, 500);
}

TEST(AdmissionReview, AnIngressThatCantBeReadIsAProblemOfTheObject) {
  const AdmissionRequest request = read_admission_review(
      document(R"({"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"a"},"spec":{"rules":7}})"));

  EXPECT_EQ(request.status, 200);
  EXPECT_FALSE(request.ingress);
  EXPECT_THAT(request.problem, HasSubstr("spec.rules"));
}

TEST(AdmissionReview, AnObjectOfAnotherKindIsAProblem) {
  const AdmissionRequest request =
      read_admission_review(document(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}})"));

  EXPECT_EQ(request.status, 200);
  EXPECT_FALSE(request.problem.empty());
}

TEST(AdmissionReview, ADeletionHasNoObject) {
  const AdmissionRequest request = read_admission_review(document("null"));

  EXPECT_EQ(request.status, 200);
  EXPECT_FALSE(request.ingress);
  EXPECT_TRUE(request.problem.empty());
}

TEST(AdmissionReview, ARefusalCarriesItsMessage) {
  model::Review review;
  review.allowed = false;
  review.message = "no";
  review.warnings = {"careful"};
  const auto answer = nlohmann::json::parse(write_admission_review("u-1", review));

  EXPECT_EQ(answer, nlohmann::json::parse(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{
      "uid":"u-1","allowed":false,"warnings":["careful"],
      "status":{"status":"Failure","code":400,"reason":"BadRequest","message":"no"}}})"));
}

TEST(AdmissionReview, WarningsAreBounded) {
  model::Review review;
  review.warnings.assign(100, std::string(1000, 'x'));
  const auto answer = nlohmann::json::parse(write_admission_review("u-1", review));

  EXPECT_EQ(answer["response"]["warnings"].size(), 15u);
  EXPECT_EQ(answer["response"]["warnings"][0].get<std::string>().size(), 255u);
}

}  // namespace
}  // namespace weir::app
