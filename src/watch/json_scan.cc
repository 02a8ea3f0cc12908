#include "watch/json_scan.h"

#include <nlohmann/json.hpp>

namespace weir::watch {
namespace {

constexpr std::size_t kCut = std::string_view::npos;

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && blank(text[at])) ++at;
  return at;
}

// Behind the string that begins at `at`.
std::size_t skip_string(std::string_view text, std::size_t at) {
  ++at;
  while ((at = text.find_first_of("\"\\", at)) != kCut) {
    if (text[at] == '"') return at + 1;
    at += 2;  // the backslash and what it escapes
  }
  return kCut;
}

// Behind the value that begins at `at`. Brackets are counted, their kinds are not compared.
std::size_t skip_value(std::string_view text, std::size_t at) {
  if (at >= text.size()) return kCut;
  if (text[at] == '"') return skip_string(text, at);
  if (text[at] != '{' && text[at] != '[') {
    const std::size_t end = text.find_first_of(",]} \t\r\n", at);
    return end == at ? kCut : std::min(end, text.size());
  }
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      if (at == kCut) return kCut;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return kCut;
}

}  // namespace

bool scan_members(std::string_view text, const std::function<void(std::string_view, std::string_view)>& visit) {
  std::size_t at = skip_blanks(text, 0);
  if (at >= text.size() || text[at] != '{') return false;
  at = skip_blanks(text, at + 1);
  while (at < text.size() && text[at] != '}') {
    if (text[at] != '"') return false;
    const std::size_t key_end = skip_string(text, at);
    if (key_end == kCut) return false;
    const std::string_view key = text.substr(at + 1, key_end - at - 2);
    at = skip_blanks(text, key_end);
    if (at >= text.size() || text[at] != ':') return false;
    at = skip_blanks(text, at + 1);
    const std::size_t end = skip_value(text, at);
    if (end == kCut) return false;
    visit(key, text.substr(at, end - at));
    at = skip_blanks(text, end);
    if (at < text.size() && text[at] == ',') at = skip_blanks(text, at + 1);
  }
  return at < text.size() && skip_blanks(text, at + 1) == text.size();
}

bool scan_elements(std::string_view text, const std::function<void(std::string_view)>& visit) {
  std::size_t at = skip_blanks(text, 0);
  if (at >= text.size() || text[at] != '[') return false;
  at = skip_blanks(text, at + 1);
  while (at < text.size() && text[at] != ']') {
    const std::size_t end = skip_value(text, at);
    if (end == kCut) return false;
    visit(text.substr(at, end - at));
    at = skip_blanks(text, end);
    if (at < text.size() && text[at] == ',') at = skip_blanks(text, at + 1);
  }
  return at < text.size() && skip_blanks(text, at + 1) == text.size();
}

std::optional<std::string> scanned_text(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  const std::string_view inner = value.substr(1, value.size() - 2);
  if (inner.find('\\') == std::string_view::npos) return std::string(inner);
  const nlohmann::json parsed = nlohmann::json::parse(value, nullptr, false);
  if (!parsed.is_string()) return std::nullopt;
  return parsed.get<std::string>();
}

}  // namespace weir::watch
