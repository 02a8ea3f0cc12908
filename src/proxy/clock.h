// Clocks of the data plane, in microseconds.
#pragma once

#include <time.h>

#include <cstdint>

namespace weir::proxy {

// For durations.
inline std::int64_t monotonic_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

// For Date and the access log; a few milliseconds late.
inline std::int64_t wall_clock_us() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace weir::proxy
