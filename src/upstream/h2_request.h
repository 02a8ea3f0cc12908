// A request head for HTTP/2 (RFC 9113 8.3.1), made of the HTTP/1 head that HeadSource writes: one place decides what
// endpoints are told, whatever is spoken to them. Pure.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <vector>

namespace weir::upstream {

// Replaces `out` by the fields of the head that is the `size` bytes at `text`; they point into it, and names are made
// lower-case there. Host becomes :authority; fields of connections are left out; TE is always "trailers" (spec 5.1).
// REQUIRES: a head that http::HeadWriter has written.
void make_h2_request(char* text, std::size_t size, bool tls, std::vector<nghttp2_nv>& out);

}  // namespace weir::upstream
