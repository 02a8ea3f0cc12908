// Sizes as nginx writes them ("8k", "1m", "1024"). Pure; any thread. Unit: bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::base {

// Digits and at most one of b k m g, any case: the original's validator (class C-size of spec 0.2). A text that passes
// may still be no size: it may end in `b`, which nginx does not know, or overflow.
bool is_size_syntax(std::string_view text);

// Digits with an optional k, m or g (any case, powers of 1024); no sign, no blanks. nullopt when the text is anything
// else, ends in `b`, or exceeds 2^63 - 1 bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

// The shortest form that parse_size reads back: 8192 -> "8k", 1000 -> "1000".
std::string size_text(std::uint64_t bytes);

}  // namespace weir::base
