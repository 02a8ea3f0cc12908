#include "http/authority.h"

#include "http/scan.h"
#include "weir/base/ascii.h"
#include "weir/base/cidr.h"
#include "weir/http/normalize.h"

namespace weir::http {
namespace {

constexpr std::size_t kLongestHost = 255;

bool is_port(std::string_view text) {
  if (text.size() > 5) return false;
  unsigned port = 0;
  for (const char c : text) {
    if (!base::is_digit(c)) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port <= 65535;
}

// `rest` is empty or ":" port.
bool is_port_part(std::string_view rest) {
  return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

void append_lower(std::string_view text, std::string& out) {
  out.assign(text);
  scan::to_lower(out.data(), out.data() + out.size());
}

}  // namespace

bool parse_authority(std::string_view authority, std::string& host) {
  if (authority.empty()) return false;
  if (authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos || !is_port_part(authority.substr(close + 1))) return false;
    const std::string_view address = authority.substr(1, close - 1);
    if (address.find(':') == std::string_view::npos || !base::parse_ip(address)) return false;
    append_lower(authority.substr(0, close + 1), host);
    return true;
  }
  const char* const end = authority.data() + authority.size();
  auto size = static_cast<std::size_t>(scan::host(authority.data(), end) - authority.data());
  if (size == 0 || size > kLongestHost || !is_port_part(authority.substr(size))) return false;
  const std::string_view name = authority.substr(0, size);
  if (name.front() == '.' || name.find("..") != std::string_view::npos) return false;
  if (name.back() == '.') --size;
  append_lower(authority.substr(0, size), host);
  return true;
}

void host_of_authority(std::string_view authority, std::string& out) {
  std::size_t size = authority.size();
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close != std::string_view::npos) size = close + 1;
  } else {
    const std::size_t colon = authority.find(':');
    if (colon != std::string_view::npos) size = colon;
    if (size > 0 && authority[size - 1] == '.') --size;
  }
  append_lower(authority.substr(0, size), out);
}

}  // namespace weir::http
