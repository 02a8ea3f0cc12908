#include "unit/kube/decode_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string object(std::string_view version, std::string_view kind, std::string_view rest,
                   std::string_view metadata = R"({"name":"web"})") {
  return R"({"apiVersion":")" + std::string(version) + R"(","kind":")" + std::string(kind) + R"(","metadata":)" +
         std::string(metadata) + "," + std::string(rest) + "}";
}

constexpr std::string_view kSliceMeta = R"({"name":"web-1","labels":{"kubernetes.io/service-name":"web"}})";

TEST(ServiceKinds, ReadsAService) {
  const auto service = only<Service>(object("v1", "Service", R"("spec": {
      "type": "LoadBalancer", "clusterIP": "10.0.0.1", "externalIPs": ["1.2.3.4"], "trafficDistribution": "PreferClose",
      "ports": [{"port": 80}, {"name": "tls", "port": 443, "targetPort": "https", "protocol": "TCP"},
                {"name": "u", "port": 53, "targetPort": 5353, "protocol": "UDP"}]},
    "status": {"loadBalancer": {"ingress": [{"ip": "5.6.7.8"}, {"hostname": "lb.example"}, {}]}})"));

  EXPECT_EQ(service.type, "LoadBalancer");
  EXPECT_EQ(service.cluster_ip, "10.0.0.1");
  EXPECT_EQ(service.traffic_distribution, "PreferClose");
  EXPECT_THAT(service.ports, ElementsAre(ServicePort{"", 80, "", "TCP"}, ServicePort{"tls", 443, "https", "TCP"},
                                         ServicePort{"u", 53, "5353", "UDP"}));
  EXPECT_THAT(service.external_ips, ElementsAre("1.2.3.4"));
  EXPECT_THAT(service.load_balancer,
              ElementsAre(LoadBalancerAddress{"", "5.6.7.8"}, LoadBalancerAddress{"lb.example", ""}));
}

TEST(ServiceKinds, ServiceDefaultsAreKubernetes) {
  const auto service = only<Service>(object("v1", "Service", R"("spec":{"ports":[{"port":1,"targetPort":0}]})"));

  EXPECT_EQ(service.type, "ClusterIP");
  EXPECT_THAT(service.ports, ElementsAre(ServicePort{"", 1, "", "TCP"}));
  EXPECT_EQ(only<Service>(object("v1", "Service", R"("spec":{"type":"ExternalName","externalName":"x.example"})"))
                .external_name,
            "x.example");
}

TEST(ServiceKinds, ServicePortsAreChecked) {
  EXPECT_THAT(error_of(object("v1", "Service", R"("spec":{"ports":[{}]})")), HasSubstr("ports[0].port: is missing"));
  EXPECT_THAT(error_of(object("v1", "Service", R"("spec":{"ports":[{"port":0}]})")), HasSubstr("not within"));
  EXPECT_THAT(error_of(object("v1", "Service", R"("spec":{"ports":[{"port":80,"targetPort":99999}]})")),
              HasSubstr("targetPort: port 99999"));
  EXPECT_THAT(error_of(object("v1", "Service", R"("spec":{"ports":[{"port":80,"targetPort":true}]})")),
              HasSubstr("targetPort: expected a whole number or a string"));
}

TEST(ServiceKinds, ReadsAnEndpointSlice) {
  for (auto version : {"discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"}) {
    const auto slice = only<EndpointSlice>(object(version, "EndpointSlice", R"("addressType": "IPv4",
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": true}},
                      {"addresses": ["10.0.0.2"], "conditions": {"ready": false, "serving": true, "terminating": true},
                       "hints": {"forZones": [{"name": "z1"}]}},
                      {"addresses": ["10.0.0.3"]}],
        "ports": [{"name": "http", "port": 8080}, {"port": null, "protocol": "UDP"}])",
                                                  kSliceMeta));

    EXPECT_EQ(slice.service, "web");
    EXPECT_EQ(slice.address_type, "IPv4");
    EXPECT_FALSE(slice.legacy);
    EXPECT_THAT(slice.endpoints,
                ElementsAre(SliceEndpoint{{"127.0.0.1"}, true, std::nullopt, std::nullopt, {}},
                            SliceEndpoint{{"10.0.0.2"}, false, true, true, {"z1"}},
                            SliceEndpoint{{"10.0.0.3"}, std::nullopt, std::nullopt, std::nullopt, {}}));
    EXPECT_THAT(slice.ports, ElementsAre(SlicePort{"http", 8080, "TCP"}, SlicePort{"", std::nullopt, "UDP"}));
  }
}

TEST(ServiceKinds, ASliceWithoutItsLabelIsReported) {
  const Decoded all = decoded(object("discovery.k8s.io/v1", "EndpointSlice", R"("addressType":"IPv4")"));

  EXPECT_EQ(all.objects.size(), 1u);
  EXPECT_THAT(texts(all.warnings), ElementsAre(HasSubstr("add the label kubernetes.io/service-name")));
}

TEST(ServiceKinds, LegacyEndpointsBecomeOneSlicePerSubset) {
  const Decoded all = decoded(object("v1", "Endpoints", R"("subsets": [
      {"addresses": [{"ip": "10.0.0.1"}], "notReadyAddresses": [{"ip": "10.0.0.2"}], "ports": [{"name": "a", "port": 1}]},
      {"addresses": [{"ip": "::1"}], "ports": [{"port": 2}]}])"));

  ASSERT_EQ(all.items.size(), 1u);
  EXPECT_EQ(base::to_string(all.items[0].ref), "Endpoints default/web");
  EXPECT_EQ(all.items[0].count, 2u);
  ASSERT_EQ(all.objects.size(), 2u);
  const auto& first = *std::get<std::shared_ptr<const EndpointSlice>>(all.objects[0]);
  const auto& second = *std::get<std::shared_ptr<const EndpointSlice>>(all.objects[1]);
  EXPECT_TRUE(first.legacy);
  EXPECT_EQ(first.service, "web");
  EXPECT_EQ(first.meta.name, "web/endpoints/0");
  EXPECT_EQ(first.address_type, "IPv4");
  EXPECT_THAT(first.endpoints, ElementsAre(SliceEndpoint{{"10.0.0.1"}, true, {}, {}, {}},
                                           SliceEndpoint{{"10.0.0.2"}, false, {}, {}, {}}));
  EXPECT_THAT(first.ports, ElementsAre(SlicePort{"a", 1, "TCP"}));
  EXPECT_EQ(second.meta.name, "web/endpoints/1");
  EXPECT_EQ(second.address_type, "IPv6");
}

TEST(ServiceKinds, EndpointsWithoutSubsetsAreAnItemWithoutSlices) {
  const Decoded all = decoded(object("v1", "Endpoints", R"("subsets":null)"));

  EXPECT_EQ(all.items.size(), 1u);
  EXPECT_THAT(all.objects, IsEmpty());
}

TEST(ServiceKinds, EndpointAddressesAndPortsAreChecked) {
  EXPECT_THAT(
      error_of(object("discovery.k8s.io/v1", "EndpointSlice", R"("endpoints":[{"addresses":[""]}])", kSliceMeta)),
      HasSubstr("endpoints[0].addresses[0]: is empty"));
  EXPECT_THAT(error_of(object("discovery.k8s.io/v1", "EndpointSlice", R"("ports":[{"port":-1}])", kSliceMeta)),
              HasSubstr("ports[0].port: port -1"));
  EXPECT_THAT(error_of(object("v1", "Endpoints", R"("subsets":[{"addresses":[{}]}])")), HasSubstr("ip: is missing"));
}

}  // namespace
}  // namespace weir::kube
