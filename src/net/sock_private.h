// What the source files of Sock share.
#pragma once

#include "weir/net/sock.h"

#include <sys/uio.h>

#include <cstddef>

namespace weir::net {

std::uint32_t to_timeout_ms(Millis timeout) noexcept;

// Up to four parts of memory to send, of which the front goes away as it is sent.
class Parts {
 public:
  static constexpr int kMax = 4;

  Parts() = default;
  Parts(const iovec* parts, int count) noexcept;

  bool empty() const noexcept { return first_ == count_; }
  const iovec* data() const noexcept { return parts_ + first_; }
  int count() const noexcept { return count_ - first_; }
  std::size_t bytes() const noexcept;
  void advance(std::size_t sent) noexcept;

  // Moves what lies within [scratch, scratch + size) into memory of its own, which the caller frees with delete[];
  // nullptr if there was none.
  char* copy_scratch(const char* scratch, std::size_t size);

 private:
  iovec parts_[kMax] = {};
  int first_ = 0;
  int count_ = 0;
};

// What a send could not hand over at once.
struct Sock::Unsent : FrameFromSlab {
  Parts parts;
  char* copy = nullptr;
  ~Unsent() { delete[] copy; }
};

}  // namespace weir::net
