// The library's client session for an H2Session. One worker.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>

namespace weir::upstream {

class H2Session;

// All names and values of a response head, with 4 bytes for each field; of its trailers as many again.
inline constexpr std::uint32_t kMostHeadBytes = 64 * 1024;

// nullptr: out of memory.
nghttp2_session* make_h2_client(H2Session& session);

// The data source of request bodies: hands out what H2Session::send() holds.
ssize_t read_h2_body(nghttp2_session* library, std::int32_t id, std::uint8_t* to, std::size_t room,
                     std::uint32_t* flags, nghttp2_data_source* source, void* user_data);

}  // namespace weir::upstream
