// TokenBucket: `burst` at once, `per_second` in the long run. A value; full at first; one thread. Time in milliseconds
// of any clock that does not go back.
#pragma once

#include <algorithm>
#include <cstdint>

namespace weir::base {

class TokenBucket {
 public:
  constexpr TokenBucket(std::uint64_t burst, std::uint64_t per_second)
      : most_(burst * kOne), rate_(per_second), left_(most_) {}

  // false: none is left.
  bool take(std::uint64_t now_ms) {
    if (now_ms > last_ms_) {
      left_ = std::min(most_, left_ + (now_ms - last_ms_) * rate_);
      last_ms_ = now_ms;
    }
    if (left_ < kOne) return false;
    left_ -= kOne;
    return true;
  }
  // Some for nothing, as far as they fit.
  void put(std::uint64_t tokens) { left_ = std::min(most_, left_ + tokens * kOne); }

 private:
  static constexpr std::uint64_t kOne = 1000;

  std::uint64_t most_;  // in thousandths, as left_
  std::uint64_t rate_;  // thousandths a millisecond
  std::uint64_t left_;
  std::uint64_t last_ms_ = 0;
};

}  // namespace weir::base
