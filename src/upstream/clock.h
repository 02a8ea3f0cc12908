// Microseconds of the monotonic clock, for durations.
#pragma once

#include <chrono>
#include <cstdint>

namespace weir::upstream {

inline std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace weir::upstream
