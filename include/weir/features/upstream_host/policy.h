// upstream-vhost: the Host header sent upstream. Consumed by proxy/upstream_head.cc.
#pragma once

#include <string>

namespace weir::features {

struct UpstreamHostPolicy {
  std::string value;  // empty: the client's Host

  bool operator==(const UpstreamHostPolicy&) const = default;
};

}  // namespace weir::features
