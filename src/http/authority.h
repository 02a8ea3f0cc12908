// Syntax of Host and of the authority of an absolute-form target. Pure.
#pragma once

#include <string>
#include <string_view>

namespace weir::http {

// host [":" port]. The host is a name of letters, digits and - . _ ~ without empty labels (one trailing dot is
// allowed), an IPv4 address, or an IPv6 address in brackets; the port is empty or at most 65535. Narrower than RFC
// 3986: no percent-encoding, no sub-delims, no userinfo. Writes the look-up form (see host_of_authority) into `host`;
// false if malformed or empty.
bool parse_authority(std::string_view authority, std::string& host);

}  // namespace weir::http
