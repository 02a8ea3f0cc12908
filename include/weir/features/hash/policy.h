// Consistent hashing of requests to endpoints (spec 3.4). Upstream scope, as balance/policy.h. Consumed by
// route/balance_build.cc and upstream/select.cc.
#pragma once

#include "weir/features/variables.h"

namespace weir::features {

struct HashPolicy {
  VariableText by;      // empty: off
  bool subset = false;  // to a set of endpoints instead of one
  int subset_size = 3;

  bool operator==(const HashPolicy&) const = default;
};

}  // namespace weir::features
