// How much one client may ask of an Ingress (spec 4.5), and how fast a response is sent. Consumed by
// features/rate_limit/filter.cc (with the counts of proxy/limit_table.h) and proxy/throttle.h.
#pragma once

#include "weir/base/cidr_set.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::features {

struct RateLimitPolicy {
  int connections = 0;  // concurrent requests of a client; 0 and less: off
  int rps = 0;          // requests a second
  int rpm = 0;          // requests a minute
  int burst_multiplier = 5;
  base::CidrSet allow;           // clients that are never limited
  std::uint64_t rate = 0;        // bytes a second of a response; 0: no limit
  std::uint64_t rate_after = 0;  // bytes sent at full speed first

  bool limits_requests() const { return connections > 0 || rps > 0 || rpm > 0; }
  bool operator==(const RateLimitPolicy&) const = default;
};

// Kilobytes as text to bytes, 0 and less to 0; nullopt when it is no number.
std::optional<std::uint64_t> kilobytes_to_bytes(std::string_view value);

}  // namespace weir::features
