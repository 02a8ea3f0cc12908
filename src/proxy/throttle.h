// Throttle: how fast the body of one response may go out (limit-rate, limit-rate-after; spec 4.5). As the original
// counts: from the request's beginning, a second's worth in advance. A value; one worker.
#pragma once

#include <cstdint>

namespace weir::proxy {

struct Throttle {
  std::uint64_t rate = 0;   // bytes a second; 0: off
  std::uint64_t after = 0;  // bytes at full speed first
  std::int64_t began_us = 0;

  bool on() const { return rate != 0; }
  // Bytes that may be sent now, when `sent` have been.
  std::uint64_t allowance(std::uint64_t sent, std::int64_t now_us) const;
  // From now until enough for a worthwhile piece is allowed; at least a millisecond.
  std::uint64_t wait_ms(std::uint64_t sent, std::int64_t now_us) const;
};

}  // namespace weir::proxy
