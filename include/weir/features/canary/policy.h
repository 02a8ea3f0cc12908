// When an alternative backend takes a request (spec 3.1, 3.2). Upstream scope: the settings belong to the canary's own
// backend and are those of the first Ingress that refers to it. Consumed by model/canaries.cc and upstream/canary.cc.
#pragma once

#include <string>

namespace weir::features {

struct CanaryPolicy {
  bool enabled = false;    // canary: "true": this Ingress never makes hosts or paths
  int weight = 0;          // share of the requests; 0 and less: none
  int weight_total = 100;  // what `weight` is a share of; in force only above 100
  std::string header;      // name; empty: no header decides
  std::string header_value;
  std::string header_pattern;  // in force without header_value
  std::string cookie;          // name; empty: no cookie decides

  int total() const { return weight_total > 100 ? weight_total : 100; }
  bool operator==(const CanaryPolicy&) const = default;
};

}  // namespace weir::features
