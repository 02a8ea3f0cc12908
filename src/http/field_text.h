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
  const std::size_t size = text.size();
  const auto differ = [a, b](std::size_t at, auto word) {
    auto other = word;
    std::memcpy(&word, a + at, sizeof word);
    std::memcpy(&other, b + at, sizeof other);
    return (word | static_cast<decltype(word)>(0x2020202020202020u)) != other;
  };
  // The last bytes are looked at in one piece that overlaps the one before.
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      if (differ(at, std::uint64_t{})) return false;
    }
    return !differ(size - 8, std::uint64_t{});
  }
  if (size >= 4) return !differ(0, std::uint32_t{}) && !differ(size - 4, std::uint32_t{});
  for (std::size_t at = 0; at < size; ++at) {
    if ((a[at] | 0x20) != b[at]) return false;
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
