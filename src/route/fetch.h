// Asking for memory before it is needed. Pure.
#pragma once

#include <cstddef>

namespace weir::route {

// All cache lines of [object, object + size). Harmless for any address.
inline void fetch(const void* object, std::size_t size) {
  for (std::size_t at = 0; at < size; at += 64) __builtin_prefetch(static_cast<const char*>(object) + at);
}

}  // namespace weir::route
