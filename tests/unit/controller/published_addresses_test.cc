#include "controller/published_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::controller {
namespace {

using kube::LoadBalancerAddress;
using testing::ElementsAre;
using testing::Optional;

LoadBalancerAddress ip(const std::string& text) {
  return {"", text};
}

LoadBalancerAddress host(const std::string& text) {
  return {text, ""};
}

template <class T>
void put(kube::ClusterState& state, T object) {
  const kube::ObjectName name = object.meta.object_name();
  state.of<T>()[name] = std::make_shared<const T>(std::move(object));
}

kube::Service service(const std::string& type) {
  kube::Service s;
  s.meta.ns = "weir";
  s.meta.name = "front";
  s.type = type;
  s.cluster_ip = "10.0.0.1";
  return s;
}

StatusOptions from_service() {
  StatusOptions options;
  options.service = kube::ObjectName{"weir", "front"};
  return options;
}

auto addresses_of(const kube::Service& service) {
  kube::ClusterState state;
  put(state, service);
  return published_addresses(from_service(), state);
}

TEST(PublishedAddresses, TheFlagGivesAddressesAndNamesSortedAndOnce) {
  StatusOptions options;
  options.addresses = {"5.5.5.5", "lb.example", "1.2.3.4", "fd00::1", "5.5.5.5", "a.example"};

  EXPECT_THAT(published_addresses(options, {}), Optional(ElementsAre(ip("1.2.3.4"), ip("5.5.5.5"), ip("fd00::1"),
                                                                     host("a.example"), host("lb.example"))));
}

TEST(PublishedAddresses, AServiceThatDoesNotExistIsUnknown) {
  EXPECT_EQ(published_addresses(from_service(), {}), std::nullopt);
}

TEST(PublishedAddresses, ALoadBalancerShowsItsStatusAndExternalIps) {
  kube::Service s = service("LoadBalancer");
  s.load_balancer = {host("elb.example"), ip("203.0.113.7")};
  s.external_ips = {"203.0.113.1"};

  EXPECT_THAT(addresses_of(s), Optional(ElementsAre(ip("203.0.113.1"), ip("203.0.113.7"), host("elb.example"))));
}

TEST(PublishedAddresses, ALoadBalancerWithoutAddressYetIsUnknown) {
  EXPECT_EQ(addresses_of(service("LoadBalancer")), std::nullopt);
}

TEST(PublishedAddresses, ANodePortShowsItsExternalIpsOrItsClusterIp) {
  kube::Service s = service("NodePort");
  EXPECT_THAT(addresses_of(s), Optional(ElementsAre(ip("10.0.0.1"))));
  s.external_ips = {"203.0.113.1"};
  EXPECT_THAT(addresses_of(s), Optional(ElementsAre(ip("203.0.113.1"))));
}

TEST(PublishedAddresses, AClusterIpServiceShowsIt) {
  kube::Service s = service("ClusterIP");
  s.external_ips = {"203.0.113.1"};
  EXPECT_THAT(addresses_of(s), Optional(ElementsAre(ip("10.0.0.1"))));
  s.cluster_ip = "None";
  EXPECT_EQ(addresses_of(s), std::nullopt);
}

TEST(PublishedAddresses, AnExternalNameIsAHostName) {
  kube::Service s = service("ExternalName");
  s.external_name = "edge.example";
  EXPECT_THAT(addresses_of(s), Optional(ElementsAre(host("edge.example"))));
}

class PublishedAddressesOfNodes : public testing::Test {
 protected:
  PublishedAddressesOfNodes() {
    options.pod = {"weir", "weir-1"};
    node("node-1", {"10.0.0.1"}, {"203.0.113.1", "203.0.113.2"});
    node("node-2", {"10.0.0.2", "fd00::2"}, {});
    pod("weir-1", "node-1", {{"app", "weir"}, {"pod-template-hash", "x"}});
  }
  void node(const std::string& name, std::vector<std::string> internal, std::vector<std::string> external) {
    kube::Node n;
    n.meta.name = name;
    n.internal_ips = std::move(internal);
    n.external_ips = std::move(external);
    put(state, n);
  }
  void pod(const std::string& name, const std::string& node, std::map<std::string, std::string> labels,
           bool ready = true, const std::string& ns = "weir") {
    kube::Pod p;
    p.meta.ns = ns;
    p.meta.name = name;
    p.meta.labels = std::move(labels);
    p.node = node;
    p.running = true;
    p.ready = ready;
    put(state, p);
  }

  StatusOptions options;
  kube::ClusterState state;
};

TEST_F(PublishedAddressesOfNodes, TheExternalAddressIsPreferred) {
  EXPECT_THAT(published_addresses(options, state), Optional(ElementsAre(ip("203.0.113.1"))));
}

TEST_F(PublishedAddressesOfNodes, TheFlagAsksForTheInternalOne) {
  options.internal_addresses = true;
  EXPECT_THAT(published_addresses(options, state), Optional(ElementsAre(ip("10.0.0.1"))));
}

TEST_F(PublishedAddressesOfNodes, ReadyReplicasCountAlsoOfAnotherVersion) {
  pod("weir-2", "node-2", {{"app", "weir"}, {"pod-template-hash", "y"}, {"more", "z"}});
  pod("weir-3", "node-2", {{"app", "weir"}}, false);
  pod("other", "node-2", {{"app", "other"}});
  pod("weir-4", "node-2", {{"app", "weir"}}, true, "elsewhere");
  node("node-3", {"10.0.0.3"}, {});
  pod("weir-5", "node-gone", {{"app", "weir"}});

  EXPECT_THAT(published_addresses(options, state), Optional(ElementsAre(ip("10.0.0.2"), ip("203.0.113.1"))));
  EXPECT_TRUE(has_replicas(options, state));
}

TEST_F(PublishedAddressesOfNodes, WithoutLabelsThereAreNoReplicas) {
  pod("weir-1", "node-1", {{"pod-template-hash", "x"}});
  pod("other", "node-2", {{"app", "other"}});

  EXPECT_THAT(published_addresses(options, state), Optional(ElementsAre(ip("203.0.113.1"))));
  EXPECT_FALSE(has_replicas(options, state));
}

TEST_F(PublishedAddressesOfNodes, AnUnknownOwnPodOrNodeIsUnknown) {
  options.pod.name = "nobody";
  EXPECT_EQ(published_addresses(options, state), std::nullopt);
  options.pod.name = "weir-1";
  state.nodes.clear();
  EXPECT_EQ(published_addresses(options, state), std::nullopt);
}

}  // namespace
}  // namespace weir::controller
