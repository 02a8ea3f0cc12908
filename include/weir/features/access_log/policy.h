// enable-access-log. Consumed by proxy/finish.cc.
#pragma once

namespace weir::features {

struct AccessLogPolicy {
  bool enabled = true;

  bool operator==(const AccessLogPolicy&) const = default;
};

}  // namespace weir::features
