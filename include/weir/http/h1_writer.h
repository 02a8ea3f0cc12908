// Writing HTTP/1 heads and chunk headers into a caller's buffer, and the small texts they need. Pure but for
// RequestIds::from_system(). Nothing here allocates.
//
// Thread rule: HeadWriter, DateCache and RequestIds belong to one worker each; the free functions to nobody. Errors:
// a writer whose buffer is too small says so by ok() and writes nothing beyond its end.
#pragma once

#include "weir/http/head.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace weir::http {

// A set of field ids, for fields that the caller writes itself.
constexpr std::uint64_t field_bit(FieldId id) {
  return std::uint64_t{1} << static_cast<unsigned>(id);
}

// Phrase of a status line as the original writes it ("302 Moved Temporarily"); "Unknown" for codes without a name.
std::string_view reason_phrase(int status);
// Phrase of the title of a built-in page (spec 2.7): differs for 302 and 401.
std::string_view page_phrase(int status);

//   HeadWriter head(buffer, sizeof buffer);
//   head.status_line(200);
//   head.field("Content-Length", 5);
//   head.finish();
//   if (head.ok()) send(head.text());
class HeadWriter {
 public:
  HeadWriter(char* buffer, std::size_t size) : begin_(buffer), at_(buffer), end_(buffer + size) {}

  // "GET /x HTTP/1.1". `target` must be free of blanks and controls: a parsed one, or from escape_path().
  void request_line(std::string_view method, std::string_view target);
  void status_line(int status) { status_line(status, reason_phrase(status)); }
  // `reason` as an upstream sent it; may be empty.
  void status_line(int status, std::string_view reason);

  // `name` must be a token. Controls in `value` (a header cannot be split with them) are written as blanks.
  void field(std::string_view name, std::string_view value);
  void field(std::string_view name, std::uint64_t value);
  // The same without looking at the value. REQUIRES: it is of a parsed head, or holds no control for another reason.
  void clean_field(std::string_view name, std::string_view value);
  // A field in parts: field_name(), any number of value_part(), field_end().
  void field_name(std::string_view name);
  void value_part(std::string_view part);
  void value_part(std::uint64_t number);
  void field_end() { append("\r\n"); }

  // All fields that are not marked dropped, but those whose id is in `skip` (field_bit() values or-ed). Neighbours are
  // copied in one run. REQUIRES: a parsed head, or one built of tokens and clean values.
  void fields(const Fields& fields, std::uint64_t skip);
  // The empty line.
  void finish() { append("\r\n"); }

  // Bytes as they are. Inline: most texts are literals, whose copies then need no call.
  void append(std::string_view text) {
    if (text.empty() || !room(text.size())) return;
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  bool ok() const { return ok_; }  // false: it did not fit
  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
  std::string_view text() const { return {begin_, size()}; }

 private:
  bool room(std::size_t size) {
    if (static_cast<std::size_t>(end_ - at_) < size) ok_ = false;
    return ok_;
  }
  void put(std::string_view text);  // REQUIRES: room for it

  char* begin_;
  char* at_;
  char* end_;
  bool ok_ = true;
};

// Room for the longest chunk header: 16 digits and CRLF.
inline constexpr std::size_t kChunkHeaderSize = 18;
// What follows the data of a chunk, and the end of a body without trailers.
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
// "1a2b\r\n"; returns the bytes written. `size` > 0, as 0 would end the body. REQUIRES: kChunkHeaderSize bytes at
// `out`.
std::size_t write_chunk_header(std::uint64_t size, char* out);

// The value of Date (RFC 9110 5.6.7), formatted once per second.
class DateCache {
 public:
  // `unix_seconds` since 1970, within the years 1970 to 9999. The view is valid until the next call.
  std::string_view at(std::int64_t unix_seconds);

 private:
  std::int64_t now_ = std::numeric_limits<std::int64_t>::min();
  std::array<char, 29> text_{};
};

// X-Request-ID values: 32 lower-case hex digits, 128 bits of a xoroshiro128++ generator. Unique, not secret.
class RequestIds {
 public:
  RequestIds(std::uint64_t seed0, std::uint64_t seed1);
  // Seeded from the system's random source (getrandom), so that workers and replicas do not meet.
  static RequestIds from_system();

  // Writes 32 characters at `out`.
  void write(char* out);

 private:
  std::uint64_t next();

  std::uint64_t s0_;
  std::uint64_t s1_;
};

}  // namespace weir::http
