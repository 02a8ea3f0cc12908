// BufferPool: the input buffers of one worker, last in, first out, so that the few in use stay in the cache. Two sizes.
// Buffers are 64-byte aligned and uninitialised. One thread. Under AddressSanitizer returned buffers are poisoned for
// a while, so that a view kept too long is seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir::net {

class BufferPool {
 public:
  // Heads, relays. Not 64 KiB flat: a message of so much body comes with its head in one read.
  static constexpr std::uint32_t kSmall = 68 * 1024;
  static constexpr std::uint32_t kLarge = 256 * 1024;  // bulk relays

  BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  // `size` is kSmall or kLarge.
  char* take(std::uint32_t size);
  void give(char* buffer, std::uint32_t size) noexcept;

  // Gives half of the buffers that nobody needed since the last call back to the system. Call it every few seconds.
  void trim() noexcept;

  std::size_t in_use() const { return in_use_; }

 private:
  struct Class {
    std::vector<char*> free;
    std::size_t low_water = 0;  // fewest free buffers since the last trim
  };
  Class& of(std::uint32_t size) { return classes_[size == kLarge ? 1 : 0]; }

  Class classes_[2];
  std::size_t in_use_ = 0;
};

}  // namespace weir::net
