#include "watch/yaml_scalar.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

namespace weir::watch {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 5> kNulls = {"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> kTrues = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                     "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalses = {"n",     "N",     "no",  "No",  "NO", "false",
                                                      "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 12> kNotInJson = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                                         "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};

// Go's strconv.ParseInt with base 0: a sign, then 0x, 0o, 0b or a leading 0 (octal), else decimal. As JSON text.
std::optional<std::string> parse_integer(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  int number_base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = base::to_lower(text[1]);
    number_base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    text.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, number_base);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  constexpr std::uint64_t kMostNegative = std::uint64_t{1} << 63;
  if (negative && value > kMostNegative) return std::nullopt;
  return (negative && value != 0 ? "-" : "") + std::to_string(value);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_float_syntax(std::string_view text) {
  const auto skip_digits = [&text] {
    std::size_t count = 0;
    while (count < text.size() && base::is_digit(text[count])) ++count;
    text.remove_prefix(count);
    return count;
  };
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const std::size_t whole = skip_digits();
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    if (skip_digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (!text.empty() && base::to_lower(text.front()) == 'e') {
    text.remove_prefix(1);
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    if (skip_digits() == 0) return false;
  }
  return text.empty();
}

// Whole values are written without a fraction, as Go does, so that "80.0" is good as a port.
std::optional<std::string> parse_float(std::string_view text) {
  if (!is_float_syntax(text)) return std::nullopt;
  if (text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  const double size = std::fabs(value);
  const auto format =
      size == 0 || (size >= 1e-6 && size < 1e21) ? std::chars_format::fixed : std::chars_format::scientific;
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format).ptr;
  return std::string(buffer.data(), end);
}

}  // namespace

std::string json_string(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string json;
  json.reserve(text.size() + 2);
  json += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += "\\u00";
      json += kHex[static_cast<unsigned char>(c) >> 4];
      json += kHex[c & 0xf];
    } else {
      json += c;
    }
  }
  json += '"';
  return json;
}

std::string json_of_plain(std::string_view text) {
  if (is_one_of(text, kNulls)) return "null";
  if (is_one_of(text, kTrues)) return "true";
  if (is_one_of(text, kFalses)) return "false";
  if (is_one_of(text, kNotInJson)) return {};
  const char first = text.front();
  if (base::is_digit(first) || first == '+' || first == '-' || first == '.') {
    std::string digits(text);
    if (first != '.') digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
    if (first != '.') {
      if (auto integer = parse_integer(digits)) return *integer;
    }
    if (auto number = parse_float(digits)) return *number;
  }
  return json_string(text);
}

}  // namespace weir::watch
