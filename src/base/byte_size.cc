#include "weir/base/byte_size.h"

#include "weir/base/ascii.h"

#include <limits>

namespace weir::base {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();

int shift_of(char unit) {
  switch (to_lower(unit)) {
    case 'k':
      return 10;
    case 'm':
      return 20;
    case 'g':
      return 30;
    default:
      return -1;
  }
}

}  // namespace

bool is_size_syntax(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return false;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == text.size()) return true;
  return digits + 1 == text.size() && (to_lower(text.back()) == 'b' || shift_of(text.back()) > 0);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (!is_size_syntax(text)) return std::nullopt;
  int shift = 0;
  if (!is_digit(text.back())) {
    shift = shift_of(text.back());
    if (shift < 0) return std::nullopt;
    text.remove_suffix(1);
  }
  std::uint64_t value = 0;
  for (char c : text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (kMax - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  if (value > (kMax >> shift)) return std::nullopt;
  return value << shift;
}

std::string size_text(std::uint64_t bytes) {
  static constexpr struct {
    int shift;
    char unit;
  } kUnits[] = {{30, 'g'}, {20, 'm'}, {10, 'k'}};
  for (const auto& [shift, unit] : kUnits) {
    const std::uint64_t whole = bytes >> shift;
    if (whole != 0 && (whole << shift) == bytes) return std::to_string(whole) + unit;
  }
  return std::to_string(bytes);
}

}  // namespace weir::base
