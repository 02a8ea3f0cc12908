// RFC 3339 timestamps ("2026-11-24T10:00:00Z", fractions and offsets allowed). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::kube {

// Seconds since 1970; fractions are cut off. nullopt when the text is no such timestamp or names no existing moment.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace weir::kube
