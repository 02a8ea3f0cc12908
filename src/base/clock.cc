#include "weir/base/clock.h"

namespace weir::base {

std::chrono::microseconds wall_clock() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch());
}

}  // namespace weir::base
