// Step 10 of life-of-a-request: how fast a body goes out.
#include "proxy/throttle.h"

#include <algorithm>

namespace weir::proxy {
namespace {

constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kPieceUs = 100'000;  // a tick of the worker; finer steps would only cost system calls

std::uint64_t elapsed_us(const Throttle& throttle, std::int64_t now_us) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(now_us - throttle.began_us, 0));
}

// rate * us / 1,000,000 without overflow: rates are below 2^42.
std::uint64_t bytes_in(std::uint64_t rate, std::uint64_t us) {
  return us / kSecondUs * rate + us % kSecondUs * rate / kSecondUs;
}

}  // namespace

std::uint64_t Throttle::allowance(std::uint64_t sent, std::int64_t now_us) const {
  const std::uint64_t allowed = after + bytes_in(rate, elapsed_us(*this, now_us) + kSecondUs);
  return allowed > sent ? allowed - sent : 0;
}

std::uint64_t Throttle::wait_ms(std::uint64_t sent, std::int64_t now_us) const {
  const std::uint64_t allowed = after + bytes_in(rate, elapsed_us(*this, now_us) + kSecondUs);
  const std::uint64_t missing =
      (sent > allowed ? sent - allowed : 0) + std::max<std::uint64_t>(bytes_in(rate, kPieceUs), 1);
  return std::max<std::uint64_t>(missing * 1000 / rate, 1);
}

}  // namespace weir::proxy
