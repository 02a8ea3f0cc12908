// What every fuzz target shares. A target is one file fuzz_<name>.cc that defines LLVMFuzzerTestOneInput; libFuzzer
// drives it in the `fuzz` preset, smoke_main.cc feeds it the corpus everywhere else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace weir::fuzz {

// An invariant: the input is kept by libFuzzer (or named by smoke_main) when it does not hold.
inline void require(bool holds, const char* invariant, std::string_view detail = {}) {
  if (holds) return;
  std::fprintf(stderr, "invariant does not hold: %s: %.*s\n", invariant, static_cast<int>(detail.size()),
               detail.data());
  std::abort();
}

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A copy of exactly this size, so that AddressSanitizer sees every read behind it.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view from) : size_(from.size()), bytes_(new char[from.empty() ? 1 : from.size()]) {
    from.copy(bytes_.get(), size_);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

// Cuts to try on an input of `size` bytes: all of them for short inputs, about 64 spread ones for long ones.
template <class Try>
void for_each_cut(std::size_t size, Try attempt) {
  const std::size_t step = size <= 256 ? 1 : size / 64;
  for (std::size_t cut = 0; cut <= size; cut += step) attempt(cut);
}

}  // namespace weir::fuzz
