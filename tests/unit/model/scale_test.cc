// Properties over many objects: the order in which they come does not matter, and large inputs stay linear.
#include "weir/model/build.h"

#include "cluster.h"
#include "plain_model.h"
#include "thicket.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace weir::model {
namespace {

TEST(BuildProperties, TheOrderOfArrivalDoesNotMatter) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::vector<IngressBuilder> objects = thicket(seed, 12);
    Cluster cluster;
    cluster.service("s1", "10.0.0.1", "n").service("s2", "10.0.0.2", "n-m");
    for (const IngressBuilder& one : objects) cluster.add(one);
    const BuildResult expected = cluster.built();

    // One by one, in another order, with the accepted set carried along.
    std::shuffle(objects.begin(), objects.end(), std::mt19937(seed + 1));
    Cluster other = cluster;
    other.state.ingresses.clear();
    AcceptedSet accepted;
    for (const IngressBuilder& one : objects) {
      other.add(one);
      accepted = other.accepted(accepted);
    }
    const BuildResult result = build(accepted, other.state, other.options);

    EXPECT_EQ(values(result.model.hosts), values(expected.model.hosts)) << "seed " << seed;
    EXPECT_EQ(values(result.model.backends), values(expected.model.backends)) << "seed " << seed;
    EXPECT_EQ(result.diagnostics, expected.diagnostics) << "seed " << seed;
  }
}

TEST(BuildProperties, EveryHostHasExactlyOneRootAndNoPathTwice) {
  for (unsigned seed = 100; seed < 120; ++seed) {
    Cluster cluster;
    for (const IngressBuilder& one : thicket(seed, 15)) cluster.add(one);
    for (const Host& host : values(cluster.built().model.hosts)) {
      if (!host.www_redirect_to.empty()) continue;
      std::set<std::pair<std::string, kube::PathType>> seen;
      for (const Location& location : host.locations) {
        EXPECT_TRUE(seen.emplace(location.path, location.type).second) << host.name << location.path;
      }
      EXPECT_EQ(seen.count({"/", kube::PathType::prefix}), 1u) << host.name;
    }
  }
}

TEST(BuildProperties, EveryLocationLeadsToABackendOfTheModel) {
  Cluster cluster;
  for (const IngressBuilder& one : thicket(7, 60)) cluster.add(one);
  const Model model = cluster.built().model;

  for (const Host& host : values(model.hosts)) {
    for (const Location& location : host.locations) {
      const bool known = location.backend.empty() || find_backend(model, location.backend) != nullptr;
      EXPECT_TRUE(known) << location.backend;
    }
  }
}

TEST(BuildProperties, ManyPathsOfOneHostStayLinear) {
  constexpr int kMany = 20000;
  IngressBuilder one = ing("many");
  kube::IngressRule rule;
  rule.host = "a.example";
  rule.has_http = true;
  for (int i = 0; i < kMany; ++i) {
    rule.paths.push_back({"/p" + std::to_string(i), kube::PathType::prefix, backend("web")});
  }
  one.object.rules.push_back(rule);
  one.object.rules.push_back(std::move(rule));
  Cluster cluster;
  cluster.add(one);
  const Model model = cluster.built().model;

  EXPECT_EQ(find_host(model, "a.example")->locations.size(), kMany + 1u);
  EXPECT_EQ(find_host(model, "a.example")->shadowed.size(), static_cast<std::size_t>(kMany));
}

}  // namespace
}  // namespace weir::model
