// The head of a response to a client (life-of-a-request, step 10): always written anew from parsed fields (spec 5.3).
#pragma once

#include "proxy/request.h"
#include "weir/http/head.h"
#include "weir/upstream/out_buffer.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

// The fields of a response head for HTTP/2, which has neither a status line nor a framing of its own in the head. Names
// in any case. Takes what http::HeadWriter takes. Memory is kept from head to head.
class FieldCollector {
 public:
  struct Entry {
    std::string_view name;
    std::string_view value;
  };

  void clear();
  void status_line(int status, std::string_view reason);
  void field(std::string_view name, std::string_view value);
  void field(std::string_view name, std::uint64_t value);
  void clean_field(std::string_view name, std::string_view value) { add(name, value); }
  void fields(const http::Fields& fields, std::uint64_t skip);

  std::size_t size() const { return entries_.size(); }
  Entry at(std::size_t i) const;
  // As lines of an HTTP/1 head, where ":status: 200" takes the place of the status line.
  std::string as_lines() const;
  // Bytes of names and values, and two for each field.
  std::size_t bytes() const { return text_.size() + 2 * entries_.size(); }

 private:
  struct Place {
    std::uint32_t name = 0;  // offset; the value follows
    std::uint32_t name_size = 0;
    std::uint32_t value_size = 0;
  };
  void add(std::string_view name, std::string_view value);

  std::string text_;
  std::vector<Place> entries_;
};

// Marks the upstream's fields that must not reach the client: those replaced by filters and those of hide-headers.
void drop_hidden_fields(http::Fields& fields, const RequestContext& request);

// Appends the head to `out`.
void write_response_head(upstream::OutBuffer& out, const Request& request, const ResponseStart& start, Framing framing,
                         std::string_view date);
// The same for HTTP/2; replaces what `out` holds.
void collect_response_head(FieldCollector& out, const Request& request, const ResponseStart& start,
                           std::string_view date);

}  // namespace weir::proxy
