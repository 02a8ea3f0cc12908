// Clocks of the upstream side. Microseconds of the monotonic clock are for durations.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace weir::upstream {

inline std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Milliseconds since 1970, for texts that hold a time.
inline std::int64_t wall_clock_ms() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace weir::upstream
