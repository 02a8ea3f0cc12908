// The PROXY header that a load balancer writes before the first byte of a connection, versions 1 and 2 (spec 4.15; the
// protocol is HAProxy's proxy-protocol.txt). Pure; any thread.
//
// Strict: what is not exactly a header is bad, and the connection that began with it has to be closed, because nothing
// on it can be believed.
#pragma once

#include "weir/base/cidr.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::http {

struct ProxyAddresses {
  base::IpAddress source;
  std::uint16_t source_port = 0;
  base::IpAddress destination;
  std::uint16_t destination_port = 0;
};

inline constexpr std::size_t kProxyV1Max = 107;   // bytes, CRLF included
inline constexpr std::size_t kProxyV2Max = 4096;  // bytes, with all extensions; the format would allow 65551

enum class ProxyStatus : std::uint8_t {
  more,     // a beginning of a header
  bad,      // no header
  local,    // complete and without addresses (UNKNOWN, LOCAL, another family): the connection's own ones hold
  proxied,  // complete, `addresses` is filled
};

struct ProxyHeader {
  ProxyStatus status = ProxyStatus::more;
  std::size_t size = 0;  // bytes of a complete header
  ProxyAddresses addresses;
};

ProxyHeader parse_proxy_header(std::string_view input);

// What a proxy writes before the first byte, in version 1; UNKNOWN when the addresses are of two families.
std::string proxy_header_text(const ProxyAddresses& addresses);

}  // namespace weir::http
