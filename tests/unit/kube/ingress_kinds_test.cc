#include "unit/kube/decode_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string ingress(std::string_view spec, std::string_view version = "networking.k8s.io/v1") {
  return R"({"apiVersion":")" + std::string(version) + R"(","kind":"Ingress","metadata":{"name":"web"},"spec":)" +
         std::string(spec) + "}";
}

std::string with_path(std::string_view path, std::string_view version = "networking.k8s.io/v1") {
  return ingress(R"({"rules":[{"host":"a.example","http":{"paths":[)" + std::string(path) + "]}}]}", version);
}

std::string with_backend(std::string_view backend) {
  return with_path(R"({"path":"/","pathType":"Prefix","backend":)" + std::string(backend) + "}");
}

TEST(IngressKinds, ReadsEverythingRoutingNeeds) {
  const auto object = only<Ingress>(ingress(R"({
    "ingressClassName": "nginx",
    "defaultBackend": {"service": {"name": "fallback", "port": {"name": "http"}}},
    "tls": [{"hosts": ["a.example", "b.example"], "secretName": "cert"}, {}],
    "rules": [
      {"host": "a.example", "http": {"paths": [
        {"path": "/x", "pathType": "Exact", "backend": {"service": {"name": "s", "port": {"number": 80}}}},
        {"pathType": "ImplementationSpecific", "backend": {"resource": {"kind": "Bucket", "name": "b"}}}]}},
      {"host": "b.example"}]})"));

  Ingress expected;
  expected.meta.ns = "default";
  expected.meta.name = "web";
  expected.class_name = "nginx";
  expected.default_backend = IngressBackend{false, "fallback", {"http", 0}};
  expected.tls = {{{"a.example", "b.example"}, "cert"}, {}};
  expected.rules = {
      {"a.example",
       true,
       {{"/x", PathType::exact, {false, "s", {"", 80}}}, {"", PathType::implementation_specific, {true, "", {}}}}},
      {"b.example", false, {}}};
  EXPECT_EQ(object, expected);
}

TEST(IngressKinds, OldVersionsAreReadWithAWarning) {
  for (auto version : {"extensions/v1beta1", "networking.k8s.io/v1beta1"}) {
    const std::string text = ingress(R"({
      "backend": {"serviceName": "fallback", "servicePort": "http"},
      "rules": [{"http": {"paths": [
        {"path": "/x", "backend": {"serviceName": "s", "servicePort": 80}},
        {"path": "/y", "pathType": "Prefix", "backend": {"serviceName": "s", "servicePort": "81"}}]}}]})",
                                     version);

    const auto object = only<Ingress>(text);
    EXPECT_EQ(object.default_backend, (IngressBackend{false, "fallback", {"http", 0}}));
    ASSERT_EQ(object.rules.size(), 1u);
    EXPECT_THAT(object.rules[0].paths,
                ElementsAre(IngressPath{"/x", PathType::implementation_specific, {false, "s", {"", 80}}},
                            IngressPath{"/y", PathType::prefix, {false, "s", {"", 81}}}));
    EXPECT_THAT(texts(decoded(text).warnings), ElementsAre(HasSubstr("use networking.k8s.io/v1")));
  }
}

TEST(IngressKinds, AV1PathWithoutATypeIsTakenWithAWarning) {
  for (auto type : {"", R"("pathType":null,)", R"("pathType":"",)"}) {
    const std::string text = with_path(R"({"path":"/x",)" + std::string(type) +
                                       R"("backend":{"service":{"name":"s","port":{"number":80}}}})");

    const auto object = only<Ingress>(text);
    ASSERT_EQ(object.rules.size(), 1u);
    EXPECT_THAT(object.rules[0].paths, ElementsAre(IngressPath{"/x", std::nullopt, {false, "s", {"", 80}}}));
    EXPECT_THAT(
        texts(decoded(text).warnings),
        ElementsAre("Ingress default/web: spec.rules[0].http.paths[0].pathType: is missing and read as Prefix; an "
                    "API server wants Exact, Prefix or ImplementationSpecific"));
  }
}

TEST(IngressKinds, V1WantsPathTypeInItsExactSpelling) {
  const std::string backend = R"("backend":{"service":{"name":"s","port":{"number":80}}})";

  EXPECT_THAT(error_of(with_path(R"({"path":"/","pathType":"exact",)" + backend + "}")), HasSubstr("capital letters"));
  EXPECT_THAT(error_of(with_path(R"({"path":"/","pathType":1,)" + backend + "}")), HasSubstr("expected a string"));
}

TEST(IngressKinds, BackendsMustNameOneServiceAndOnePort) {
  EXPECT_THAT(error_of(with_backend("{}")), HasSubstr("backend: names no service"));
  EXPECT_THAT(error_of(with_backend("null")), HasSubstr("backend: names no service"));
  EXPECT_THAT(error_of(with_backend(R"({"serviceName":"s","servicePort":80})")), HasSubstr("belong to v1beta1"));
  EXPECT_THAT(error_of(with_backend(R"({"service":{"name":"s"}})")), HasSubstr("port: the port is missing"));
  EXPECT_THAT(error_of(with_backend(R"({"service":{"name":"s","port":{"number":80,"name":"http"}}})")),
              HasSubstr("a number and a name"));
  EXPECT_THAT(error_of(with_backend(R"({"service":{"name":"s","port":{"number":"80"}}})")),
              HasSubstr("port.number: expected a whole number, found a string; remove the quotes"));
  EXPECT_THAT(error_of(with_backend(R"({"service":{"name":"s","port":{"number":80.5}}})")),
              HasSubstr("expected a whole number, found a number"));
  EXPECT_THAT(error_of(with_backend(R"({"service":{"name":"s","port":{"number":70000}}})")),
              HasSubstr("port 70000 is not within 1 to 65535"));
  EXPECT_THAT(error_of(with_backend(R"({"service":{"name":"s","port":{"number":18446744073709551615}}})")),
              HasSubstr("too large"));
  EXPECT_THAT(error_of(with_backend(R"({"service":{"name":"s","port":{"number":80}},"resource":{"name":"r"}})")),
              HasSubstr("a service and a resource"));
}

TEST(IngressKinds, AnIngressWithoutRulesNeedsADefaultBackend) {
  EXPECT_THAT(error_of(ingress("{}")), HasSubstr("spec: has neither rules nor a default backend"));
  EXPECT_THAT(error_of(ingress("null")), HasSubstr("spec: has neither rules nor a default backend"));
}

TEST(IngressKinds, WrongContainersAreErrors) {
  EXPECT_THAT(error_of(ingress(R"({"rules":{}})")), HasSubstr("spec.rules: expected a list, found an object"));
  EXPECT_THAT(error_of(ingress(R"({"rules":["x"]})")), HasSubstr("spec.rules[0]: expected an object, found a string"));
  EXPECT_THAT(error_of(ingress(R"({"rules":[{"host":[]}]})")), HasSubstr("host: expected a string, found a list"));
  EXPECT_THAT(error_of(ingress(R"({"rules":[{}],"tls":[{"hosts":"a"}]})")),
              HasSubstr("spec.tls[0].hosts: expected a list, found a string"));
}

}  // namespace
}  // namespace weir::kube
