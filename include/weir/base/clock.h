// The wall clock: for stamps that people or other machines read, never for measuring how long something takes (that is
// std::chrono::steady_clock). Any thread.
#pragma once

#include <chrono>

namespace weir::base {

// Time since 1970-01-01 00:00 UTC.
std::chrono::microseconds wall_clock();

}  // namespace weir::base
