// Pauses before repetitions: exponential for each thing, and a token bucket over all of them. Values; no clock.
#pragma once

#include <algorithm>
#include <chrono>

namespace weir::watch {

// 5 ms, doubled with every failure, at most 1,000 s.
inline std::chrono::milliseconds backoff(int failures) {
  constexpr std::chrono::milliseconds kFirst{5};
  constexpr std::chrono::milliseconds kLast{1000 * 1000};
  constexpr int kDoublings = 18;  // beyond, the result is kLast
  return failures > kDoublings ? kLast : std::min(kLast, kFirst * (1 << std::max(0, failures - 1)));
}

class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  TokenBucket(double per_second, double burst) : rate_(per_second), burst_(burst), tokens_(burst) {}

  // Takes a token, on credit if need be; how long to wait before using it.
  std::chrono::milliseconds take(Clock::time_point now) {
    const double passed = last_ == Clock::time_point() ? 0 : std::chrono::duration<double>(now - last_).count();
    last_ = now;
    tokens_ = std::min(burst_, tokens_ + passed * rate_) - 1;
    return std::chrono::milliseconds(tokens_ >= 0 ? 0 : static_cast<long long>(-tokens_ / rate_ * 1000));
  }

 private:
  double rate_;
  double burst_;
  double tokens_;
  Clock::time_point last_;
};

}  // namespace weir::watch
