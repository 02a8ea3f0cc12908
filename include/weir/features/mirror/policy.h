// Where requests of a location are copied to (spec 4.9). Consumed by proxy/mirror.cc.
#pragma once

#include <string>

namespace weir::features {

struct MirrorPolicy {
  std::string target;  // URL with $variables; empty: no copies
  std::string host;    // Host of the copy, with $variables; empty: the target's
  bool body = true;    // the copy has the body

  bool operator==(const MirrorPolicy&) const = default;
};

}  // namespace weir::features
