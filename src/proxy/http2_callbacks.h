// What nghttp2 calls while it reads and writes for an Http2Session: events are noted there and nothing is resumed.
#pragma once

#include <nghttp2/nghttp2.h>

namespace weir::proxy {

class Http2Session;

// The library's state for a server's side; null: no memory.
nghttp2_session* make_http2_server(Http2Session& session);

}  // namespace weir::proxy
