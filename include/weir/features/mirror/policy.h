// Where requests of a location are copied to (spec 4.9). Consumed by proxy/mirror_client.cc.
#pragma once

#include "weir/features/variables.h"

namespace weir::features {

struct MirrorPolicy {
  VariableText target;  // URL; empty: no copies
  VariableText host;    // Host of the copy; empty: the target's
  bool body = true;     // the copy has the body

  bool on() const { return !target.empty(); }
  bool operator==(const MirrorPolicy&) const = default;
};

}  // namespace weir::features
