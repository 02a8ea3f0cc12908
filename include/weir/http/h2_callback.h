// What callbacks of nghttp2 need on either side of the proxy.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>

namespace weir::http {

inline std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// Nothing may be thrown through the library's C code: without memory the callback fails, which ends the connection.
template <class Function>
int without_exception(Function function) noexcept {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
}

}  // namespace weir::http
