// AuthTarget: where a sub-request of external authentication goes, once the variables of its URL have their values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::proxy {

struct AuthTarget {
  bool https = false;
  std::string host;      // as written, an IPv6 address with its brackets; the Host header (without a port, spec 4.1)
  std::string tls_name;  // of an https URL, for SNI and the certificate: lower case, no brackets, no dot at its end
  std::uint16_t port = 80;
  std::string target;  // path and query, "/" at least; free of blanks, controls and `#`

  std::string_view plain_host() const {  // without brackets
    return host.front() == '[' ? std::string_view(host).substr(1, host.size() - 2) : std::string_view(host);
  }
};

// nullopt: no http or https URL with a usable host and port.
std::optional<AuthTarget> parse_auth_target(std::string_view url);

}  // namespace weir::proxy
