#include "weir/http/h1_writer.h"

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <random>

namespace weir::http {
namespace {

// Two hex digits for each byte.
constexpr std::array<std::array<char, 2>, 256> make_hex() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> hex{};
  for (std::size_t byte = 0; byte < 256; ++byte) hex[byte] = {kDigits[byte >> 4], kDigits[byte & 15]};
  return hex;
}
constexpr std::array<std::array<char, 2>, 256> kHex = make_hex();

}  // namespace

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
  for (unsigned half = 0; half < 2; ++half) {
    const std::uint64_t word = next();
    for (unsigned shift = 64; shift > 0; out += 2) {
      shift -= 8;
      std::memcpy(out, kHex[(word >> shift) & 0xff].data(), 2);
    }
  }
}

}  // namespace weir::http
