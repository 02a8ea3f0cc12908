// Which client addresses a location serves (spec 4.6): allowlist-source-range, denylist-source-range, and block-cidrs
// of the ConfigMap. Consumed by features/ip_access/filter.cc; `admits` is also for whoever joins it with authentication
// (satisfy).
#pragma once

#include "weir/base/cidr_set.h"

namespace weir::features {

struct IpAccessPolicy {
  base::CidrSet allow;    // empty: everyone
  base::CidrSet deny;     // looked at first
  base::CidrSet blocked;  // block-cidrs: in force where a location has neither of the lists

  bool has_lists() const { return !allow.empty() || !deny.empty(); }
  bool any() const { return has_lists() || !blocked.empty(); }
  bool admits(const base::IpAddress& client) const {
    if (!has_lists()) return !blocked.contains(client);
    return !deny.contains(client) && (allow.empty() || allow.contains(client));
  }
  bool operator==(const IpAccessPolicy&) const = default;
};

}  // namespace weir::features
