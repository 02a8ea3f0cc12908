// Properties over many objects: the order in which they come does not matter, and large inputs stay linear.
#include "weir/model/build.h"

#include "cluster.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace weir::model {
namespace {

// A thicket of hosts, paths, types, ages and settings that conflict with each other.
std::vector<IngressBuilder> thicket(unsigned seed, int count) {
  std::mt19937 random(seed);
  const auto pick = [&random](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const std::vector<std::string> names = {"", "a.example", "b.example", "www.a.example", "*.a.example", "bad host"};
  const std::vector<std::string> paths = {"", "/", "/x", "/x/", "/x/y", "/long/[a-z]+", "rel"};
  std::vector<IngressBuilder> all;
  for (int i = 0; i < count; ++i) {
    IngressBuilder one = ing("i" + std::to_string(i));
    one.ns(pick(2) == 0 ? "n" : "n-m").created(pick(3));
    for (int rule = pick(4); rule > 0; --rule) {
      one.path(names[static_cast<std::size_t>(pick(6))], paths[static_cast<std::size_t>(pick(7))],
               "s" + std::to_string(pick(4)), pick(2) == 0 ? kube::PathType::exact : kube::PathType::prefix);
    }
    if (one.object.rules.empty() || pick(4) == 0) one.default_backend("s" + std::to_string(pick(4)));
    if (pick(4) == 0) one.annotation("server-alias", "x.example,y.example");
    if (pick(4) == 0) one.annotation("from-to-www-redirect", "true");
    if (pick(4) == 0) one.annotation("service-upstream", "true");
    if (pick(8) == 0) one.annotation("canary", "true");
    if (pick(4) == 0) one.tls({"a.example"}, "cert");
    all.push_back(std::move(one));
  }
  return all;
}

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

    EXPECT_EQ(result.model.hosts, expected.model.hosts) << "seed " << seed;
    EXPECT_EQ(result.model.backends, expected.model.backends) << "seed " << seed;
    EXPECT_EQ(result.diagnostics, expected.diagnostics) << "seed " << seed;
  }
}

TEST(BuildProperties, EveryHostHasExactlyOneRootAndNoPathTwice) {
  for (unsigned seed = 100; seed < 120; ++seed) {
    Cluster cluster;
    for (const IngressBuilder& one : thicket(seed, 15)) cluster.add(one);
    for (const Host& host : cluster.built().model.hosts) {
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

  for (const Host& host : model.hosts) {
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
