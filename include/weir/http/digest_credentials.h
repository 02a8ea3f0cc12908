// The Authorization field of digest authentication (RFC 7616 3.4, RFC 7235 2.1), as data. Pure; any thread. Nothing in
// it is to be believed: who checks it is proxy/digest_check.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::http {

// Values without their quotes; empty: not given.
struct DigestCredentials {
  std::string username;
  std::string realm;
  std::string nonce;
  std::string uri;
  std::string response;
  std::string algorithm;
  std::string qop;
  std::string nc;
  std::string cnonce;
};

// nullopt: another scheme, a parameter that is no `name=value`, one given twice, a control character, a user name in
// another form than plain (username*, userhash=true). Parameters that are not known are left out.
std::optional<DigestCredentials> parse_digest_credentials(std::string_view value);

}  // namespace weir::http
