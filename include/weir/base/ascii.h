// ASCII text helpers without locale. Pure functions on views; nothing is allocated unless a std::string is returned.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::base {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_alnum(char c) {
  return is_digit(c) || is_alpha(c);
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string to_lower(std::string_view text);
bool iequals(std::string_view a, std::string_view b);
// Removes blanks, tabs, CR and LF at both ends.
std::string_view trim(std::string_view text);
// Splits on `separator`, trims each item, drops empty items (the original's comma-list rule, spec 6).
std::vector<std::string> split_list(std::string_view text, char separator = ',');
std::string join(const std::vector<std::string>& items, std::string_view separator);

// Exactly 1 t T TRUE true True 0 f F FALSE false False (spec 0.2).
std::optional<bool> parse_bool(std::string_view text);
// Optional sign and decimal digits, the whole text; nullopt on overflow.
std::optional<std::int64_t> parse_int(std::string_view text);

// The candidate with the smallest edit distance to `text`, if it is close enough to be a likely typing mistake
// (distance <= 3 and less than half the length); empty otherwise.
std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace weir::base
