#include "weir/http/h1_writer.h"

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <random>

namespace weir::http {

RequestIds::RequestIds(std::uint64_t seed0, std::uint64_t seed1) : s0_(seed0), s1_(seed1) {
  // The all-zero state would only give zeros.
  if (s0_ == 0 && s1_ == 0) s1_ = 0x9e3779b97f4a7c15u;
}

RequestIds RequestIds::from_system() {
  std::uint64_t seed[2] = {0, 0};
  ssize_t got = 0;
  do {
    got = ::getrandom(seed, sizeof seed, 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof seed)) {
    // Kernels or sandboxes without getrandom: the library's source, which reads the CPU or /dev/urandom.
    std::random_device device;
    for (std::uint64_t& word : seed) word = (std::uint64_t{device()} << 32) | device();
  }
  return {seed[0], seed[1]};
}

// xoroshiro128++ (Blackman and Vigna).
std::uint64_t RequestIds::next() {
  const std::uint64_t result = std::rotl(s0_ + s1_, 17) + s0_;
  const std::uint64_t mixed = s1_ ^ s0_;
  s0_ = std::rotl(s0_, 49) ^ mixed ^ (mixed << 21);
  s1_ = std::rotl(mixed, 28);
  return result;
}

void RequestIds::write(char* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (unsigned half = 0; half < 2; ++half) {
    std::uint64_t word = next();
    for (unsigned i = 0; i < 16; ++i) {
      *out++ = kHex[word >> 60];
      word <<= 4;
    }
  }
}

}  // namespace weir::http
