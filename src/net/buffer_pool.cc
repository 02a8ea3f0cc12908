#include "weir/net/buffer_pool.h"

#include <algorithm>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define WEIR_PLAIN_BUFFERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEIR_PLAIN_BUFFERS 1
#endif
#endif

namespace weir::net {
namespace {

constexpr std::align_val_t kAlignment{64};
#ifdef WEIR_PLAIN_BUFFERS
constexpr bool kReuse = false;
#else
constexpr bool kReuse = true;
#endif

}  // namespace

BufferPool::~BufferPool() {
  for (Class& c : classes_)
    for (char* buffer : c.free) ::operator delete(buffer, kAlignment);
}

char* BufferPool::take(std::uint32_t size) {
  Class& c = of(size);
  ++in_use_;
  if (c.free.empty()) {
    c.low_water = 0;
    return static_cast<char*>(::operator new(size, kAlignment));
  }
  char* buffer = c.free.back();
  c.free.pop_back();
  c.low_water = std::min(c.low_water, c.free.size());
  return buffer;
}

void BufferPool::give(char* buffer, std::uint32_t size) noexcept {
  --in_use_;
  if (!kReuse) return ::operator delete(buffer, kAlignment);
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
