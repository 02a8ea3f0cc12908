// Strict HTTP/1 head parsing (RFC 9112; security.md 3): every framing decision is made here, once. Pure; no sockets.
// What is refused and with which status: docs/wire-strictness.md.
#pragma once

#include "weir/http/head.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::http {

struct H1Limits {
  std::uint32_t request_line = 8 * 1024;     // bytes; longer: 414 (spec 3.6)
  std::uint32_t field_line = 8 * 1024;       // longer: 400
  std::uint32_t head = 32 * 1024;            // all of it; more: 400
  std::uint32_t fields = 100;                // more: 400
  bool underscores_in_names = false;         // false: such fields are marked dropped
};

enum class ParseStatus : std::uint8_t { done, more, bad };

struct ParseResult {
  ParseStatus status = ParseStatus::more;
  std::uint16_t http_status = 400;           // for `bad`: 400, 414, 501 (CONNECT, unknown coding), 505
  std::string_view reason;                   // for `bad`: stable code, e.g. "host-missing", "te-and-cl"
};

// `done`: out.size bytes of `input` belong to the head. Empty lines before the request line are skipped (RFC 9112 2.2).
// Call again with the grown input on `more`; nothing is kept between calls.
ParseResult parse_request_head(std::string_view input, const H1Limits& limits, RequestHead& out);

// Responses of an upstream. `bad` means 502 ("invalid_header").
ParseResult parse_response_head(std::string_view input, const H1Limits& limits, ResponseHead& out);

// How the body of this response ends, given the request's method (RFC 9112 6.3).
BodyKind body_of_response(const ResponseHead& head, Method request_method);

// Chunked decoding, strict: no blanks around the size, no bare LF, extensions at most 4 KiB in total, trailers are
// parsed and dropped. Fed with any cut of the input; data runs are handed out as views of the input.
class ChunkedDecoder {
 public:
  // Consumes a prefix of `input`; `data` is the next run of body bytes (may be empty). Returns the bytes consumed, or
  // -1 when malformed (see error()).
  long next(std::string_view input, std::string_view& data);
  bool done() const { return state_ == State::done; }
  std::string_view error() const { return error_; }
  void reset() { *this = ChunkedDecoder(); }

 private:
  enum class State : std::uint8_t { size, extension, size_lf, data, data_cr, data_lf, trailer, trailer_line, trailer_lf,
                                    end_lf, done };
  State state_ = State::size;
  std::uint8_t digits_ = 0;
  std::uint32_t overhead_ = 0;               // bytes of extensions and trailers so far
  std::uint64_t left_ = 0;
  bool colon_seen_ = false;
  std::string_view error_;
};

}  // namespace weir::http
