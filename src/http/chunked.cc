#include "http/reject.h"
#include "http/scan.h"
#include "weir/http/h1_parser.h"

#include <algorithm>

namespace weir::http {
namespace {

constexpr std::uint32_t kMostExtensionBytes = 4 * 1024;
constexpr std::uint32_t kMostTrailerBytes = 8 * 1024;
constexpr std::uint8_t kMostDigits = 16;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view code(Reject reject) {
  return rejection(reject).code;
}

}  // namespace

bool ChunkedDecoder::fail(std::string_view reason) {
  error_ = reason;
  state_ = State::bad;
  return false;
}

long ChunkedDecoder::next(std::string_view input, std::string_view& data) {
  data = {};
  std::size_t used = 0;
  while (used < input.size() && state_ != State::done) {
    if (state_ == State::data) {
      const std::size_t run = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - used));
      data = input.substr(used, run);
      left_ -= run;
      if (left_ == 0) state_ = State::data_cr;
      return static_cast<long>(used + run);
    }
    if (state_ == State::bad || !step(input[used])) return -1;
    ++used;
  }
  return static_cast<long>(used);
}

// One byte of anything but data.
bool ChunkedDecoder::step(char c) {
  switch (state_) {
    case State::size:
      return step_size(c);
    case State::size_lf:
      if (c != '\n') return fail(code(Reject::bare_cr));
      return size_done();
    case State::data_cr:
      if (c != '\r') return fail(code(Reject::chunk_end));
      state_ = State::data_lf;
      return true;
    case State::data_lf:
      if (c != '\n') return fail(code(Reject::chunk_end));
      state_ = State::size;
      digits_ = 0;
      return true;
    case State::trailer_start:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_lf:
    case State::end_lf:
      if (++trailer_bytes_ > kMostTrailerBytes) return fail(code(Reject::trailers_too_long));
      return step_trailer(c);
    default:
      if (++extension_bytes_ > kMostExtensionBytes) return fail(code(Reject::chunk_extensions_too_long));
      return step_extension(c);
  }
}

bool ChunkedDecoder::step_size(char c) {
  const int digit = hex_value(c);
  if (digit >= 0) {
    if (digits_ == kMostDigits) return fail(code(Reject::chunk_size));
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    if (++digits_ == kMostDigits && (left_ >> 63) != 0) return fail(code(Reject::chunk_too_large));
    return true;
  }
  if (c == '\n') return fail(code(Reject::bare_lf));
  if (digits_ == 0 || (c != '\r' && c != ';')) return fail(code(Reject::chunk_size));
  state_ = c == '\r' ? State::size_lf : State::extension_start;
  return true;
}

bool ChunkedDecoder::size_done() {
  state_ = left_ == 0 ? State::trailer_start : State::data;
  return true;
}

// *( ";" token [ "=" ( token / quoted-string ) ] ), the first ";" already read.
bool ChunkedDecoder::step_extension(char c) {
  const bool token = scan::is(c, scan::kToken);
  const auto line_goes_on = [&] {
    if (c == ';') {
      state_ = State::extension_start;
    } else if (c == '\r') {
      state_ = State::size_lf;
    } else {
      return fail(code(c == '\n' ? Reject::bare_lf : Reject::chunk_extension));
    }
    return true;
  };
  switch (state_) {
    case State::extension_start:
      if (!token) return fail(code(Reject::chunk_extension));
      state_ = State::extension_name;
      return true;
    case State::extension_name:
      if (token) return true;
      if (c != '=') return line_goes_on();
      state_ = State::extension_value_start;
      return true;
    case State::extension_value_start:
      if (!token && c != '"') return fail(code(Reject::chunk_extension));
      state_ = token ? State::extension_value : State::quoted;
      return true;
    case State::extension_value:
      return token || line_goes_on();
    case State::quoted:
      if (c == '"') {
        state_ = State::quoted_end;
      } else if (c == '\\') {
        state_ = State::quoted_pair;
      } else if (!scan::is(c, scan::kValue)) {
        return fail(code(Reject::chunk_extension));
      }
      return true;
    case State::quoted_pair:
      if (!scan::is(c, scan::kValue)) return fail(code(Reject::chunk_extension));
      state_ = State::quoted;
      return true;
    default:
      return line_goes_on();  // quoted_end
  }
}

bool ChunkedDecoder::step_trailer(char c) {
  switch (state_) {
    case State::trailer_start:
      if (c == '\r') {
        state_ = State::end_lf;
      } else if (scan::is(c, scan::kToken)) {
        state_ = State::trailer_name;
      } else {
        return fail(code(c == '\n' ? Reject::bare_lf : Reject::trailer));
      }
      return true;
    case State::trailer_name:
      if (scan::is(c, scan::kToken)) return true;
      if (c != ':') return fail(code(Reject::trailer));
      state_ = State::trailer_value;
      return true;
    case State::trailer_value:
      if (c == '\r') {
        state_ = State::trailer_lf;
      } else if (!scan::is(c, scan::kValue)) {
        return fail(code(c == '\n' ? Reject::bare_lf : Reject::trailer));
      }
      return true;
    case State::trailer_lf:
      if (c != '\n') return fail(code(Reject::bare_cr));
      state_ = State::trailer_start;
      return true;
    default:  // end_lf
      if (c != '\n') return fail(code(Reject::bare_cr));
      state_ = State::done;
      return true;
  }
}

}  // namespace weir::http
