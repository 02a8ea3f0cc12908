// Negotiation of content codings (RFC 9110 12.5.3), as nginx reads it: a coding must be named, "*" names none. Pure.
#pragma once

#include <string_view>

namespace weir::http {

// Is `coding` in the list, with a weight above 0? `accept_encoding`: the value of the field.
bool accepts_coding(std::string_view accept_encoding, std::string_view coding);

// Does a comma list (Vary, Cache-Control) hold this token? Case does not count; parameters behind '=' neither.
bool list_has(std::string_view list, std::string_view token);

}  // namespace weir::http
