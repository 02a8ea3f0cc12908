// Step 6 of life-of-a-request: the URL of an external authentication service.
#include "proxy/auth_target.h"

#include "weir/base/ascii.h"
#include "weir/base/cidr.h"

#include <algorithm>

namespace weir::proxy {
namespace {

bool is_host(std::string_view host) {
  constexpr std::size_t kLongestName = 253;
  if (host.empty() || host.size() > kLongestName) return false;
  if (host.front() == '[') return host.back() == ']' && base::parse_ip(host.substr(1, host.size() - 2)).has_value();
  const bool plain = std::all_of(host.begin(), host.end(),
                                 [](char c) { return base::is_alnum(c) || c == '-' || c == '.' || c == '_'; });
  return plain && host.find("..") == std::string_view::npos;
}

}  // namespace

std::optional<AuthTarget> parse_auth_target(std::string_view url) {
  AuthTarget out;
  const std::size_t scheme = std::min(url.find("://"), url.size());
  out.https = base::iequals(url.substr(0, scheme), "https");
  if (scheme == url.size() || (!out.https && !base::iequals(url.substr(0, scheme), "http"))) return std::nullopt;
  url.remove_prefix(scheme + 3);
  const std::size_t end = std::min(url.find_first_of("/?"), url.size());
  std::string_view host = url.substr(0, end);
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.rfind(':');
  out.port = out.https ? 443 : 80;
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view digits = host.substr(colon + 1);
    const auto port = base::parse_int(digits);
    if (!port || *port < 1 || *port > 65535 || !base::is_digit(digits.front())) return std::nullopt;
    out.port = static_cast<std::uint16_t>(*port);
    host = host.substr(0, colon);
  }
  if (!is_host(host)) return std::nullopt;
  out.host = host;
  if (out.https) {
    out.tls_name = base::to_lower(out.plain_host());
    if (out.tls_name.back() == '.') out.tls_name.pop_back();
    if (out.tls_name.empty()) return std::nullopt;
  }
  if (end == url.size() || url[end] == '?') out.target = "/";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : url.substr(end)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f && c != '#') {
      out.target += c;
    } else {
      out.target.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
  return out;
}

}  // namespace weir::proxy
