// Strict HTTP/1 head parsing (RFC 9112; security.md 3): every framing decision is made here, once. Pure; no sockets.
// What is refused and with which status: docs/wire-strictness.md.
#pragma once

#include "weir/http/head.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir::http {

struct H1Limits {
  std::uint32_t request_line = 8 * 1024;  // bytes; longer: 414 (spec 3.6)
  std::uint32_t field_line = 8 * 1024;    // longer: 400; at most 65535 are used
  std::uint32_t head = 32 * 1024;         // all of it; more: 400
  std::uint32_t fields = 100;             // more: 400
  bool underscores_in_names = false;      // false: such fields are marked dropped
};

enum class ParseStatus : std::uint8_t { done, more, bad };

struct ParseResult {
  ParseStatus status = ParseStatus::more;
  std::uint16_t http_status = 400;  // for `bad`: 400, 414, 417, 501 (CONNECT, unknown coding), 505
  std::string_view reason;          // for `bad`: stable code, e.g. "host-missing", "te-and-cl"
};

// One reason for refusing a message. The codes are stable: they stand in logs, metrics and docs/wire-strictness.md.
struct Rejection {
  std::string_view code;
  std::uint16_t status = 400;  // what a client gets; the same fault in an upstream's answer is always 502
  std::string_view meaning;
};
std::span<const Rejection> rejections();

// The reason for a request whose normalize_path() fails.
inline constexpr std::string_view kPathReason = "target-path";

// `done`: out.size bytes of `input` belong to the head (with the at most four empty lines before the request line that
// are skipped, RFC 9112 2.2). Call again with the grown input on `more`; nothing is kept between calls, and the verdict
// does not depend on where the input was cut. After `bad` nothing more may be read from the connection. `out` is only
// meaningful after `done`. Nothing is allocated once the capacities of `out` suffice.
ParseResult parse_request_head(std::string_view input, const H1Limits& limits, RequestHead& out);

// Responses of an upstream, interim (1xx) ones too. `bad` means 502 ("invalid_header").
ParseResult parse_response_head(std::string_view input, const H1Limits& limits, ResponseHead& out);

// How the body of this response ends, given the request's method (RFC 9112 6.3).
BodyKind body_of_response(const ResponseHead& head, Method request_method);

// Chunked decoding (RFC 9112 7.1), strict: no blanks around the size or in extensions, no bare CR or LF, extensions at
// most 4 KiB and trailers at most 8 KiB in total. Trailers are checked and dropped. Fed with any cut of the input; data
// runs are handed out as views of the input.
//
//   while (!decoder.done() && !input.empty()) {
//     std::string_view data;
//     const long used = decoder.next(input, data);
//     if (used < 0) ...decoder.error()
//     input.remove_prefix(used);
//   }
class ChunkedDecoder {
 public:
  // Consumes a prefix of `input`; `data` is the next run of body bytes (may be empty). Returns the bytes consumed, or
  // -1 when malformed (see error(), a code of rejections()); a malformed decoder stays so. Consumes all of a non-empty
  // input unless data was found or the body ended; consumes nothing after the end.
  long next(std::string_view input, std::string_view& data);
  bool done() const { return state_ == State::done; }
  std::string_view error() const { return error_; }
  void reset() { *this = ChunkedDecoder(); }

 private:
  enum class State : std::uint8_t {
    size,
    extension_start,
    extension_name,
    extension_value_start,
    extension_value,
    quoted,
    quoted_pair,
    quoted_end,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    done,
    bad
  };
  bool step(char c);
  bool step_size(char c);
  bool step_extension(char c);
  bool step_trailer(char c);
  bool size_done();
  bool fail(std::string_view code);

  State state_ = State::size;
  std::uint8_t digits_ = 0;
  std::uint32_t extension_bytes_ = 0;  // of the whole body
  std::uint32_t trailer_bytes_ = 0;
  std::uint64_t left_ = 0;  // size being read, then bytes missing of the chunk
  std::string_view error_;
};

}  // namespace weir::http
