// How endpoints of a backend are chosen: load-balance, service-upstream. Upstream scope: the oldest Ingress that
// references the backend decides. Consumed by model/build.cc (service-upstream) and upstream/select.cc.
#pragma once

#include <string>

namespace weir::features {

struct BalancePolicy {
  bool service_upstream = false;
  std::string algorithm;  // "round_robin", "ewma", "least_conn"; empty: round_robin

  bool operator==(const BalancePolicy&) const = default;
};

}  // namespace weir::features
