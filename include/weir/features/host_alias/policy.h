// server-alias: extra names of a host (spec 1.1). Consumed by model/build.cc (first Ingress of a host wins).
#pragma once

#include <string>
#include <vector>

namespace weir::features {

struct HostAliasPolicy {
  std::vector<std::string> names;  // sorted, without duplicates: plain, "*.a.b", "a.*" or "~regex"

  bool operator==(const HostAliasPolicy&) const = default;
};

}  // namespace weir::features
