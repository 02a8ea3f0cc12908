// Step 9 of life-of-a-request, over HTTP/2: the request head.
#include "upstream/h2_request.h"

#include "weir/base/ascii.h"
#include "weir/http/h1_writer.h"
#include "weir/http/head.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace weir::upstream {
namespace {

using http::field_bit;
using http::FieldId;

// RFC 9113 8.2.2, and what is said in another way here.
constexpr std::uint64_t kLeftOut = field_bit(FieldId::connection) | field_bit(FieldId::host) |
                                   field_bit(FieldId::http2_settings) | field_bit(FieldId::keep_alive) |
                                   field_bit(FieldId::proxy_connection) | field_bit(FieldId::te) |
                                   field_bit(FieldId::transfer_encoding) | field_bit(FieldId::upgrade);

std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

nghttp2_nv pair_of(std::string_view name, std::string_view value) {
  return {bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

// Without its CRLF, which goes too.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 2, text.size()));
  return line;
}

}  // namespace

void make_h2_request(char* text, std::size_t size, bool tls, std::vector<nghttp2_nv>& out) {
  out.clear();
  std::string_view rest(text, size);
  const std::string_view start = take_line(rest);
  const std::size_t target = start.find(' ') + 1;
  const std::size_t version = start.rfind(' ');
  out.push_back(pair_of(":method", start.substr(0, target - 1)));
  out.push_back(pair_of(":scheme", tls ? "https" : "http"));
  out.push_back(pair_of(":path", start.substr(target, version - target)));
  out.push_back(pair_of("te", "trailers"));
  for (;;) {
    const std::string_view line = take_line(rest);
    if (line.empty()) return;
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = base::trim(line.substr(colon + 1));
    const FieldId id = http::classify_field(name);
    if (id == FieldId::host && !value.empty() && out[3].namelen == 2) {
      // In front of the other fields.
      out.insert(out.begin() + 3, pair_of(":authority", value));
    } else if ((field_bit(id) & kLeftOut) == 0) {
      char* const at = text + (name.data() - text);
      std::transform(at, at + name.size(), at, [](char c) { return base::to_lower(c); });
      out.push_back(pair_of(name, value));
    }
  }
}

}  // namespace weir::upstream
