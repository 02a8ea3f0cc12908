// The head of a response to a client (life-of-a-request, step 10): always written anew from parsed fields (spec 5.3).
#pragma once

#include "proxy/request.h"
#include "weir/http/head.h"
#include "weir/upstream/out_buffer.h"

#include <cstdint>
#include <string_view>

namespace weir::proxy {

inline constexpr std::string_view kReasonField = "X-Weir-Reason";  // weir-reason-header

struct ResponseStart {
  int status = 0;
  std::string_view phrase;               // of the status line
  const http::Fields* fields = nullptr;  // of the upstream; null: Weir's own answer
  // How the body comes: `length` with `length`; chunked or until_close: its size is not known; none: no body follows,
  // but a length is still told if `length_told` (HEAD, 304).
  http::BodyKind body = http::BodyKind::none;
  std::uint64_t length = 0;
  bool length_told = false;
  std::string_view content_type;  // own answers
  std::string_view location;      // own answers
  std::string_view upgrade;       // 101: the protocol
};

// How it goes out over HTTP/1.
enum class Framing : std::uint8_t { none, length, chunked, close };

// Marks the upstream's fields that must not reach the client: those replaced by filters and those of hide-headers.
void drop_hidden_fields(http::Fields& fields, const RequestContext& request);

// Appends the head to `out`.
void write_response_head(upstream::OutBuffer& out, const Request& request, const ResponseStart& start, Framing framing,
                         std::string_view date);

}  // namespace weir::proxy
