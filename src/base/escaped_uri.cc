#include "weir/base/escaped_uri.h"

namespace weir::base {
namespace {

constexpr std::string_view kEscaped = "\"#%&+/:;<=>?[\\]^{}";

}  // namespace

void append_escaped_uri(std::string_view uri, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : uri) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && kEscaped.find(c) == std::string_view::npos) {
      out += c;
    } else {
      out.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
}

}  // namespace weir::base
