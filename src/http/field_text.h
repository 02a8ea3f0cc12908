// Small case-insensitive comparisons for field names and list elements. Pure.
#pragma once

#include "weir/base/ascii.h"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir::http {

// True if `text`, which must consist of token characters, equals `lower` (letters, digits and '-') in any case. Setting
// bit 5 turns upper into lower case and changes no other token character into a letter, digit or '-', so eight bytes
// can be compared at once.
inline bool same_token(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  const char* a = text.data();
  const char* b = lower.data();
  std::size_t left = text.size();
  while (left >= 8) {
    std::uint64_t x = 0;
    std::uint64_t y = 0;
    std::memcpy(&x, a, 8);
    std::memcpy(&y, b, 8);
    if ((x | 0x2020202020202020u) != y) return false;
    a += 8;
    b += 8;
    left -= 8;
  }
  for (; left > 0; --left, ++a, ++b) {
    if ((*a | 0x20) != *b) return false;
  }
  return true;
}

// For any bytes on both sides.
inline bool iequals_ascii(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (base::to_lower(a[i]) != base::to_lower(b[i])) return false;
  }
  return true;
}

inline std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `each(element)` for every non-empty element of a comma list (RFC 9110 5.6.1); stops when it returns false.
template <class Each>
bool for_each_element(std::string_view list, Each each) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim_blanks(list.substr(0, comma));
    if (!element.empty() && !each(element)) return false;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return true;
}

}  // namespace weir::http
