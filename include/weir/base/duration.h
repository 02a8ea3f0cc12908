// Times as nginx writes them ("10m", "1h 30m", "250ms", "60"). Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace weir::base {

// Longer times are cut to this, so that adding one to a clock's "now" cannot overflow.
constexpr std::chrono::milliseconds kMaxDuration = std::chrono::hours(24) * 365 * 100;

// Numbers with the units y M w d h m s ms, largest first, each at most once, blanks allowed between them; a last number
// without a unit counts as seconds. M is 30 days, y 365 days, as in nginx. nullopt when the text is anything else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "250ms", "90s", "10m", "1h": the largest unit up to hours that divides it evenly. Negative values print with a sign.
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace weir::base
