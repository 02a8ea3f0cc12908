// Step 4 of life-of-a-request.
#include "weir/http/normalize.h"

#include <array>
#include <cstdint>

namespace weir::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return -1;
}

// True if the path is already canonical.
bool is_plain(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '%' || c == '#' || c == '\0') return false;
    if (c == '/' && i + 1 < path.size() && (path[i + 1] == '/' || path[i + 1] == '.')) return false;
  }
  return true;
}

// Ends the last segment of `out` ("/a/seg"): resolves "." and ".."; an empty one stays. False: above the root.
bool close_segment(std::string& out) {
  const std::size_t slash = out.rfind('/');
  const std::string_view segment = std::string_view(out).substr(slash + 1);
  if (segment == ".") {
    out.resize(slash + 1);
  } else if (segment == "..") {
    if (slash == 0) return false;
    out.resize(out.rfind('/', slash - 1) + 1);
  }
  return true;
}

bool normalize_slowly(std::string_view path, std::string& out) {
  out.assign(1, '/');
  for (std::size_t i = 1; i < path.size(); ++i) {
    char c = path[i];
    if (c == '#' || c == '\0') return false;
    if (c == '%') {
      if (path.size() - i < 3) return false;
      const int high = hex_value(path[i + 1]);
      const int low = hex_value(path[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      if (c == '\0') return false;
      i += 2;
    }
    if (c != '/') {
      out.push_back(c);
      continue;
    }
    if (!close_segment(out)) return false;
    if (out.back() != '/') out.push_back('/');
  }
  return close_segment(out);
}

constexpr std::array<bool, 256> make_escaped() {
  std::array<bool, 256> escaped{};
  for (unsigned c = 0; c < 256; ++c) escaped[c] = c <= 0x20 || c >= 0x7f;
  for (const char c : {'"', '#', '%', '<', '>', '?', '\\', '^', '`', '{', '|', '}'}) {
    escaped[static_cast<unsigned char>(c)] = true;
  }
  return escaped;
}
constexpr std::array<bool, 256> kEscaped = make_escaped();

}  // namespace

bool normalize_path(std::string_view target, std::string& out) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "*") {
    out.assign(1, '/');
    return true;
  }
  if (path.empty() || path.front() != '/') return false;
  if (!is_plain(path)) return normalize_slowly(path, out);
  out.assign(path);
  return true;
}

std::optional<char> unescape_at(std::string_view text, std::size_t at) {
  if (text.size() < 3 || at > text.size() - 3 || text[at] != '%') return std::nullopt;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

std::string_view query_of(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark);
}

void escape_path(std::string_view path, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::size_t run = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto c = static_cast<unsigned char>(path[i]);
    if (!kEscaped[c]) continue;
    out.append(path, run, i - run);
    const char escape[3] = {'%', kHex[c >> 4], kHex[c & 15]};
    out.append(escape, sizeof escape);
    run = i + 1;
  }
  out.append(path, run, path.size() - run);
}

}  // namespace weir::http
