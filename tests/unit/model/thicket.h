// Many objects at random that conflict with each other in every way the merging has rules for.
#pragma once

#include "unit/model/cluster.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace weir::model {

// A thicket of hosts, paths, types, ages and settings that conflict with each other.
inline std::vector<IngressBuilder> thicket(unsigned seed, int count) {
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
    if (pick(6) == 0)
      one.annotation("affinity", "cookie").annotation("session-cookie-name", "c" + std::to_string(pick(3)));
    if (pick(6) == 0) one.annotation("default-backend", "s" + std::to_string(pick(4)));
    if (pick(4) == 0) one.tls({"a.example"}, "cert");
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace weir::model
