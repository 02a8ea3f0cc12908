#include "weir/model/build.h"

#include "cluster.h"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

kube::Service service(std::vector<kube::ServicePort> ports) {
  kube::Service object;
  object.meta.name = "web";
  object.cluster_ip = "10.96.0.1";
  object.ports = std::move(ports);
  return object;
}

kube::Service external(const std::string& name, std::vector<kube::ServicePort> ports = {}) {
  kube::Service object = service(std::move(ports));
  object.type = "ExternalName";
  object.cluster_ip.clear();
  object.external_name = name;
  return object;
}

struct Resolved {
  Backend backend;
  base::Diagnostics diagnostics;
};

Resolved resolved(const Cluster& cluster, const std::string& port, bool service_upstream = false) {
  Resolved result;
  result.backend = resolve_backend(cluster.state, cluster.options, "default", "web", backend("web:" + port).port,
                                   service_upstream, result.diagnostics);
  return result;
}

std::vector<std::string> endpoints(const Cluster& cluster, const std::string& port, bool service_upstream = false) {
  return texts(resolved(cluster, port, service_upstream).backend.endpoints);
}

TEST(Endpoints, NameIsNamespaceServiceAndPortAsWritten) {
  EXPECT_EQ(resolved(Cluster(), "http").backend.name, "default-web-http");
  EXPECT_EQ(resolved(Cluster(), "80").backend.name, "default-web-80");
}

TEST(Endpoints, AMissingServiceIsAStateOfItsOwn) {
  EXPECT_EQ(resolved(Cluster(), "80").backend.state, BackendState::no_service);
}

TEST(Endpoints, PortsMatchByNumberTargetTextOrName) {
  Cluster cluster;
  cluster.add(service({{"http", 80, "web-port", "TCP"}}));
  cluster.add(Cluster::slice("web-1", "web", {"10.0.0.1"}, {{"http", 8080, "TCP"}}));

  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.1 8080"));
  EXPECT_THAT(endpoints(cluster, "http"), ElementsAre("10.0.0.1 8080"));
  EXPECT_THAT(endpoints(cluster, "web-port"), ElementsAre("10.0.0.1 8080"));
  EXPECT_THAT(endpoints(cluster, "81"), IsEmpty());
  EXPECT_THAT(summary(resolved(cluster, "81").diagnostics), ElementsAre("warning service-port-missing default/web"));
}

TEST(Endpoints, AnUnnamedPortTakesEveryTcpPortOfTheSlice) {
  Cluster cluster;
  cluster.add(service({{"", 80, "", "TCP"}}));
  cluster.add(Cluster::slice("web-1", "web", {"10.0.0.1"}, {{"a", 1, "TCP"}, {"b", 2, "UDP"}, {"c", 3, "TCP"}}));

  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.1 1", "10.0.0.1 3"));
}

TEST(Endpoints, ANumericTargetPortHelpsWhereNoNameFits) {
  Cluster cluster;
  cluster.add(service({{"http", 80, "8080", "TCP"}, {"named", 81, "web-port", "TCP"}}));
  cluster.add(Cluster::slice("web-1", "web", {"10.0.0.1"}, {{"other", 9, "TCP"}}));
  cluster.add(Cluster::slice("web-2", "web", {"10.0.0.2"}, {}));

  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.1 8080", "10.0.0.2 8080"));
  EXPECT_THAT(endpoints(cluster, "81"), IsEmpty());
}

TEST(Endpoints, AnAbsentTargetPortIsThePortItself) {
  Cluster cluster;
  cluster.add(service({{"http", 80, "", "TCP"}}));
  cluster.add(Cluster::slice("web-1", "web", {"10.0.0.1"}, {}));

  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.1 80"));
}

TEST(Endpoints, SlicesBelongByLabelWhateverTheirName) {
  Cluster cluster;
  cluster.add(service({{"", 80, "8080", "TCP"}}));
  cluster.add(Cluster::slice("hand-made", "web", {"10.0.0.1"}, {{"", 8080, "TCP"}}));
  cluster.add(Cluster::slice("web-other", "other", {"10.0.0.2"}, {{"", 8080, "TCP"}}));
  cluster.add(Cluster::slice("web-1", "web", {"10.0.0.3"}, {{"", 8080, "TCP"}}, "elsewhere"));

  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.1 8080"));
}

TEST(Endpoints, SlicesAreMergedSortedAndWithoutDuplicates) {
  Cluster cluster;
  cluster.add(service({{"", 80, "8080", "TCP"}}));
  cluster.add(Cluster::slice("web-1", "web", {"10.0.0.2", "10.0.0.1"}, {{"", 8080, "TCP"}}));
  cluster.add(Cluster::slice("web-2", "web", {"fd00::1", "10.0.0.1"}, {{"", 8080, "TCP"}}));

  EXPECT_THAT(endpoints(cluster, "80"),
              testing::UnorderedElementsAre("10.0.0.1 8080", "10.0.0.2 8080", "fd00::1 8080"));
}

TEST(Endpoints, ReadyIsNilOrTrueAndNothingElseCounts) {
  Cluster cluster;
  cluster.add(service({{"", 80, "8080", "TCP"}}));
  auto slice = Cluster::slice("web-1", "web", {"10.0.0.1", "10.0.0.2", "10.0.0.3"}, {{"", 8080, "TCP"}});
  slice.endpoints[1].ready = true;
  slice.endpoints[1].terminating = true;
  slice.endpoints[2].ready = false;
  slice.endpoints[2].serving = true;
  cluster.add(slice);

  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.1 8080", "10.0.0.2 8080"));
}

kube::SliceEndpoint pod(const std::string& address, std::optional<bool> ready, std::optional<bool> serving,
                        std::optional<bool> terminating, std::vector<std::string> zones = {}) {
  kube::SliceEndpoint endpoint;
  endpoint.addresses = {address};
  endpoint.ready = ready;
  endpoint.serving = serving;
  endpoint.terminating = terminating;
  endpoint.zone_hints = std::move(zones);
  return endpoint;
}

kube::EndpointSlice slice_of(std::vector<kube::SliceEndpoint> pods, const std::string& name = "web-1") {
  kube::EndpointSlice slice = Cluster::slice(name, "web", {}, {{"http", 8080, "TCP"}});
  slice.endpoints = std::move(pods);
  return slice;
}

TEST(Endpoints, PodsThatTerminateButServeCountOnlyWhileNoneIsReady) {
  Cluster cluster;
  cluster.add(service({{"http", 80, "", "TCP"}}));
  cluster.add(slice_of({pod("10.0.0.1", false, true, true), pod("10.0.0.2", false, false, true),
                        pod("10.0.0.3", false, true, false), pod("10.0.0.4", true, true, false)}));
  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.4 8080"));

  cluster.add(slice_of(
      {pod("10.0.0.1", false, true, true), pod("10.0.0.2", false, false, true), pod("10.0.0.3", false, true, false)}));
  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.1 8080"));
  EXPECT_THAT(summary(resolved(cluster, "80").diagnostics), ElementsAre("info endpoints-terminating default/web"));
}

TEST(Endpoints, PublishNotReadyAddressesCountsAllPods) {
  Cluster cluster;
  kube::Service object = service({{"http", 80, "", "TCP"}});
  object.publish_not_ready = true;
  cluster.add(object);
  cluster.add(slice_of({pod("10.0.0.1", false, false, false), pod("10.0.0.2", true, true, false)}));

  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.1 8080", "10.0.0.2 8080"));
}

TEST(Endpoints, BothFamiliesOfADualStackServiceAreUsed) {
  Cluster cluster;
  cluster.add(service({{"http", 80, "", "TCP"}}));
  cluster.add(slice_of({pod("10.0.0.1", true, true, false)}, "web-4"));
  cluster.add(slice_of({pod("fd00::1", true, true, false)}, "web-6"));

  EXPECT_THAT(endpoints(cluster, "80"), testing::UnorderedElementsAre("10.0.0.1 8080", "fd00::1 8080"));
}

class TopologyHints : public testing::Test {
 protected:
  TopologyHints() {
    cluster.options.topology_aware_routing = true;
    cluster.options.zone = "a";
    object = service({{"http", 80, "", "TCP"}});
    object.meta.annotations["service.kubernetes.io/topology-mode"] = "Auto";
  }
  std::vector<std::string> chosen(std::vector<kube::SliceEndpoint> pods) {
    cluster.add(object);
    cluster.add(slice_of(std::move(pods)));
    return endpoints(cluster, "80");
  }
  Cluster cluster;
  kube::Service object;
  const kube::SliceEndpoint near = pod("10.0.0.1", true, true, false, {"a", "b"});
  const kube::SliceEndpoint far = pod("10.0.0.2", true, true, false, {"b"});
  const kube::SliceEndpoint anywhere = pod("10.0.0.3", true, true, false);
};

TEST_F(TopologyHints, ChooseTheEndpointsOfTheOwnZone) {
  EXPECT_THAT(chosen({near, far}), ElementsAre("10.0.0.1 8080"));
}

TEST_F(TopologyHints, DoNotCountWhereAnEndpointHasNone) {
  EXPECT_THAT(chosen({near, far, anywhere}), ElementsAre("10.0.0.1 8080", "10.0.0.2 8080", "10.0.0.3 8080"));
}

TEST_F(TopologyHints, AreNotFollowedWithoutFlagZoneOrAnnotation) {
  cluster.options.zone.clear();
  EXPECT_THAT(chosen({near, far}), ElementsAre("10.0.0.1 8080", "10.0.0.2 8080"));
  cluster.options.zone = "a";
  cluster.options.topology_aware_routing = false;
  EXPECT_THAT(chosen({near, far}), ElementsAre("10.0.0.1 8080", "10.0.0.2 8080"));
  cluster.options.topology_aware_routing = true;
  object.meta.annotations.clear();
  EXPECT_THAT(chosen({near, far}), ElementsAre("10.0.0.1 8080", "10.0.0.2 8080"));
}

TEST_F(TopologyHints, PreferCloseNeedsOneForTheOwnZone) {
  object.meta.annotations.clear();
  object.traffic_distribution = "PreferClose";
  EXPECT_THAT(chosen({near, far}), ElementsAre("10.0.0.1 8080"));
  EXPECT_THAT(chosen({far}), ElementsAre("10.0.0.2 8080"));
  object.meta.annotations["service.kubernetes.io/topology-mode"] = "auto";
  EXPECT_THAT(chosen({far}), IsEmpty()) << "the annotation alone decides";
}

TEST(Endpoints, NoReadyEndpointIsAStateWithANote) {
  Cluster cluster;
  cluster.add(service({{"", 80, "8080", "TCP"}}));
  const Resolved result = resolved(cluster, "80");

  EXPECT_EQ(result.backend.state, BackendState::no_endpoints);
  EXPECT_THAT(summary(result.diagnostics), ElementsAre("info no-endpoints default/web"));
}

TEST(Endpoints, LegacyEndpointsCountOnlyWithoutSlices) {
  Cluster cluster;
  cluster.add(service({{"", 80, "8080", "TCP"}}));
  auto legacy = Cluster::slice("web/endpoints/0", "web", {"10.0.0.9"}, {{"", 8080, "TCP"}});
  legacy.legacy = true;
  cluster.add(legacy);
  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.9 8080"));

  cluster.add(Cluster::slice("web-1", "web", {"10.0.0.1"}, {{"", 8080, "TCP"}}));

  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("10.0.0.1 8080"));
}

TEST(Endpoints, NamesInASliceAreLeftOutAndNamed) {
  Cluster cluster;
  cluster.add(service({{"", 80, "8080", "TCP"}}));
  cluster.add(Cluster::slice("web-1", "web", {"host.example", "10.0.0.1"}, {{"", 8080, "TCP"}}));
  const Resolved result = resolved(cluster, "80");

  EXPECT_THAT(texts(result.backend.endpoints), ElementsAre("10.0.0.1 8080"));
  EXPECT_THAT(summary(result.diagnostics), ElementsAre("warning endpoint-address-invalid default/web"));
}

TEST(Endpoints, LoopbackAddressesOfSlicesAreUsed) {
  Cluster cluster;
  cluster.service("web", "127.0.0.1");

  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("127.0.0.1 8080"));
}

// --- service-upstream ---------------------------------------------------------------------------------------------

TEST(Endpoints, ServiceUpstreamUsesTheClusterIpAndTheServicePort) {
  Cluster cluster;
  cluster.add(service({{"http", 80, "8080", "TCP"}}));

  EXPECT_THAT(endpoints(cluster, "80", true), ElementsAre("10.96.0.1 80"));
  EXPECT_THAT(endpoints(cluster, "http", true), ElementsAre("10.96.0.1 80"));
}

TEST(Endpoints, ServiceUpstreamOfAHeadlessServiceFallsBackToEndpoints) {
  Cluster cluster;
  kube::Service headless = service({{"", 80, "8080", "TCP"}});
  headless.cluster_ip = "None";
  cluster.add(headless).add(Cluster::slice("web-1", "web", {"10.0.0.1"}, {{"", 8080, "TCP"}}));

  EXPECT_THAT(endpoints(cluster, "80", true), ElementsAre("10.0.0.1 8080"));
  EXPECT_THAT(summary(resolved(cluster, "80", true).diagnostics),
              ElementsAre("warning service-upstream-unusable default/web"));
}

// --- ExternalName -------------------------------------------------------------------------------------------------

TEST(ExternalName, KeepsTheNameForTheResolver) {
  Cluster cluster;
  cluster.add(external("api.example.com."));
  const Backend result = resolved(cluster, "443").backend;

  EXPECT_EQ(result.state, BackendState::ready);
  EXPECT_EQ(result.external_name, "api.example.com.");
  EXPECT_EQ(result.external_port, 443);
  EXPECT_THAT(result.endpoints, IsEmpty());
}

TEST(ExternalName, APortOfTheServiceSuppliesItsTarget) {
  Cluster cluster;
  cluster.add(external("api.example.com", {{"https", 443, "8443", "TCP"}, {"text", 444, "name", "TCP"}}));

  EXPECT_EQ(resolved(cluster, "443").backend.external_port, 8443);
  EXPECT_EQ(resolved(cluster, "https").backend.external_port, 8443);
  EXPECT_EQ(resolved(cluster, "444").backend.external_port, 444);
  EXPECT_EQ(resolved(cluster, "9000").backend.external_port, 9000);
  EXPECT_EQ(resolved(cluster, "nosuch").backend.state, BackendState::no_endpoints);
}

TEST(ExternalName, AnAddressIsAnEndpointAtOnce) {
  Cluster cluster;
  cluster.add(external("192.0.2.7"));

  EXPECT_THAT(endpoints(cluster, "80"), ElementsAre("192.0.2.7 80"));
  EXPECT_EQ(resolved(cluster, "80").backend.external_name, "");
}

class LocalExternalName : public testing::TestWithParam<const char*> {};

TEST_P(LocalExternalName, IsRefusedUnlessAllowed) {
  Cluster cluster;
  cluster.add(external(GetParam()));
  EXPECT_EQ(resolved(cluster, "80").backend.state, BackendState::no_endpoints);
  EXPECT_THAT(summary(resolved(cluster, "80").diagnostics), ElementsAre("warning external-name-refused default/web"));

  cluster.options.allow_loopback_external_name = true;

  EXPECT_EQ(resolved(cluster, "80").backend.state, BackendState::ready);
}

INSTANTIATE_TEST_SUITE_P(Names, LocalExternalName,
                         testing::Values("localhost", "localhost.", "x.localhost", "127.0.0.1", "127.8.9.1", "::1",
                                         "::ffff:127.0.0.1", "169.254.169.254", "fe80::1", "0.0.0.0", "::"));

TEST(ExternalName, InvalidNamesAndTheFlagGiveNoEndpoint) {
  for (const char* name : {"", ".", "a..b", "Upper.example", "a b", "-a.example", "a_b.example"}) {
    Cluster cluster;
    cluster.add(external(name));
    EXPECT_THAT(summary(resolved(cluster, "80").diagnostics), ElementsAre("warning external-name-invalid default/web"))
        << name;
  }
  Cluster cluster;
  cluster.options.disable_svc_external_name = true;
  cluster.add(external("api.example.com"));
  EXPECT_EQ(resolved(cluster, "80").backend.state, BackendState::no_endpoints);
}

}  // namespace
}  // namespace weir::model
