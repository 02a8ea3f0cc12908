// Password hashes of htpasswd files. Slow on purpose (up to a second): never on a worker's thread. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace weir::tls {

// Is `hash` one of `password`? bcrypt, SHA-crypt, MD5-crypt and DES by libcrypt; $apr1$, {SHA}, {SSHA} and {PLAIN}
// here. Compares in constant time. A hash of another kind, or one that is not well-formed, and a password with a NUL
// match nothing.
bool matches_hash(const std::string& password, const std::string& hash);

}  // namespace weir::tls
