#include "unit/kube/decode_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string object(std::string_view kind, std::string_view rest) {
  return R"({"apiVersion":"v1","kind":")" + std::string(kind) + R"(","metadata":{"name":"x","namespace":"n"},)" +
         std::string(rest) + "}";
}

std::string ingress_with_status(std::string_view status) {
  return R"({"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web"},"spec":{"defaultBackend":)"
         R"({"service":{"name":"s","port":{"number":1}}}},"status":)" +
         std::string(status) + "}";
}

TEST(StatusSources, APodIsReadyWhenItsConditionSaysSo) {
  const auto pod = only<Pod>(object("Pod", R"("spec": {"nodeName": "node-1"}, "status": {"phase": "Running",
      "conditions": [{"type": "Initialized", "status": "False"}, {"type": "Ready", "status": "True"}]})"));

  EXPECT_EQ(pod.meta.object_name(), (ObjectName{"n", "x"}));
  EXPECT_EQ(pod.node, "node-1");
  EXPECT_TRUE(pod.running);
  EXPECT_TRUE(pod.ready);
}

TEST(StatusSources, APodWithoutStatusIsNeitherRunningNorReady) {
  const auto pod = only<Pod>(object("Pod", R"("spec": {}, "status": {"phase": "Pending", "conditions": null})"));

  EXPECT_EQ(pod.node, "");
  EXPECT_FALSE(pod.running);
  EXPECT_FALSE(pod.ready);
}

TEST(StatusSources, ANodeHasInternalAndExternalAddresses) {
  const auto node = only<Node>(object("Node", R"("status": {"addresses": [
      {"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": "node-1"},
      {"type": "ExternalIP", "address": "203.0.113.1"}, {"type": "InternalIP", "address": "fd00::1"},
      {"type": "ExternalIP", "address": ""}]})"));

  EXPECT_EQ(node.meta.ns, "");
  EXPECT_THAT(node.internal_ips, ElementsAre("10.0.0.1", "fd00::1"));
  EXPECT_THAT(node.external_ips, ElementsAre("203.0.113.1"));
}

TEST(StatusSources, TheStatusOfAnIngressIsReadInItsOrder) {
  const auto ingress = only<Ingress>(
      ingress_with_status(R"({"loadBalancer":{"ingress":[{"ip":"2.2.2.2"},{"hostname":"lb.example"},{}]}})"));

  EXPECT_THAT(ingress.load_balancer,
              ElementsAre(LoadBalancerAddress{"", "2.2.2.2"}, LoadBalancerAddress{"lb.example", ""}));
}

TEST(StatusSources, AnAbsentStatusIsEmpty) {
  EXPECT_THAT(only<Ingress>(ingress_with_status("null")).load_balancer, IsEmpty());
  EXPECT_THAT(only<Ingress>(ingress_with_status(R"({"loadBalancer":{}})")).load_balancer, IsEmpty());
}

TEST(StatusSources, FieldsOfAnotherTypeAreProblemsOfTheObject) {
  EXPECT_THAT(error_of(object("Pod", R"("status":{"phase":1})")), HasSubstr("status.phase"));
  EXPECT_THAT(error_of(object("Node", R"("status":{"addresses":{}})")), HasSubstr("status.addresses"));
  EXPECT_THAT(error_of(ingress_with_status(R"({"loadBalancer":{"ingress":7}})")), HasSubstr("loadBalancer.ingress"));
}

}  // namespace
}  // namespace weir::kube
