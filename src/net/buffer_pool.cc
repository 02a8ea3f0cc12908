#include "weir/net/buffer_pool.h"

#include <algorithm>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define WEIR_POISON_BUFFERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEIR_POISON_BUFFERS 1
#endif
#endif
#ifdef WEIR_POISON_BUFFERS
#include <sanitizer/asan_interface.h>
#endif

namespace weir::net {
namespace {

constexpr std::align_val_t kAlignment{64};

#ifdef WEIR_POISON_BUFFERS
// The oldest buffer comes first, and not too early, so that a stale view meets a poisoned one.
constexpr std::size_t kKeepBack = 32;
char* reuse(std::vector<char*>& free, std::uint32_t size) {
  if (free.size() < kKeepBack) return nullptr;
  char* buffer = free.front();
  free.erase(free.begin());
  ASAN_UNPOISON_MEMORY_REGION(buffer, size);
  return buffer;
}
void retire(char* buffer, std::uint32_t size) {
  ASAN_POISON_MEMORY_REGION(buffer, size);
}
#else
char* reuse(std::vector<char*>& free, std::uint32_t) {
  if (free.empty()) return nullptr;
  char* buffer = free.back();
  free.pop_back();
  return buffer;
}
void retire(char*, std::uint32_t) {}
#endif

}  // namespace

BufferPool::~BufferPool() {
  for (Class& c : classes_)
    for (char* buffer : c.free) ::operator delete(buffer, kAlignment);
}

char* BufferPool::take(std::uint32_t size) {
  Class& c = of(size);
  ++in_use_;
  char* buffer = reuse(c.free, size);
  c.low_water = std::min(c.low_water, c.free.size());
  return buffer ? buffer : static_cast<char*>(::operator new(size, kAlignment));
}

void BufferPool::give(char* buffer, std::uint32_t size) noexcept {
  --in_use_;
  retire(buffer, size);
  of(size).free.push_back(buffer);
}

void BufferPool::trim() noexcept {
  for (Class& c : classes_) {
    for (std::size_t n = (c.low_water + 1) / 2; n > 0; --n) {
      ::operator delete(c.free.front(), kAlignment);
      c.free.erase(c.free.begin());
    }
    c.low_water = c.free.size();
  }
}

}  // namespace weir::net
