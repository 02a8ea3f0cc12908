// upstream-vhost: the Host header sent upstream. Consumed by proxy/upstream_head.cc.
#pragma once

#include "weir/features/variables.h"

namespace weir::features {

struct UpstreamHostPolicy {
  VariableText value;  // empty: the client's Host

  bool operator==(const UpstreamHostPolicy&) const = default;
};

}  // namespace weir::features
