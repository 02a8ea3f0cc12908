// Digests as values, for whoever needs one of a text without touching OpenSSL. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::tls {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view text);
// For values that outsiders must not be able to make.
Sha256 hmac_sha256(const Sha256& key, std::string_view text);
// From the system's random source. Throws std::runtime_error when there is none.
Sha256 random_key();
std::string to_hex(const Sha256& digest);  // lower case, 64 characters

// Does the comparison's time tell only whether the sizes are equal? It does: for secrets and signatures.
bool equal_secrets(std::string_view a, std::string_view b);

// Lower-case hex, 32 characters. For names that must equal another program's, and for digest authentication; protects
// nothing by itself.
std::string md5_hex(std::string_view text);

}  // namespace weir::tls
