// Base64 (RFC 4648, section 4) of the one setting that needs it. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::features {

// The decoded bytes; white space is skipped. nullopt for anything that is not padded base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace weir::features
