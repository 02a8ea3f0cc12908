// SHA-256 as a value, for whoever needs a digest of text without touching OpenSSL. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::tls {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view text);
std::string to_hex(const Sha256& digest);  // lower case, 64 characters

}  // namespace weir::tls
