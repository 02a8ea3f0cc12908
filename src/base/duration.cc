#include "weir/base/duration.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <cstdint>

namespace weir::base {
namespace {

struct Unit {
  std::string_view text;
  int rank;  // larger units have smaller ranks and must come first
  std::int64_t milliseconds;
};

constexpr std::int64_t kDay = 24LL * 3600 * 1000;
constexpr Unit kUnits[] = {{"ms", 8, 1},   {"y", 1, 365 * kDay},  {"M", 2, 30 * kDay}, {"w", 3, 7 * kDay},
                           {"d", 4, kDay}, {"h", 5, 3600 * 1000}, {"m", 6, 60 * 1000}, {"s", 7, 1000}};
constexpr Unit kSeconds = {"", 7, 1000};

const Unit* unit_at(std::string_view text) {
  for (const Unit& unit : kUnits) {
    if (text.substr(0, unit.text.size()) == unit.text) return &unit;
  }
  return nullptr;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const std::int64_t max = kMaxDuration.count();
  std::int64_t total = 0;
  int rank = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    if (!is_digit(text.front())) return std::nullopt;
    std::int64_t value = 0;
    while (!text.empty() && is_digit(text.front())) {
      value = value > max ? value : value * 10 + (text.front() - '0');
      text.remove_prefix(1);
    }
    const Unit* unit = text.empty() || text.front() == ' ' ? &kSeconds : unit_at(text);
    if (unit == nullptr || unit->rank <= rank) return std::nullopt;
    rank = unit->rank;
    text.remove_prefix(unit->text.size());
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    total = value > max / unit->milliseconds ? max : std::min(max, total + value * unit->milliseconds);
  }
  return std::chrono::milliseconds(total);
}

std::string duration_text(std::chrono::milliseconds duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  if (count % (3600 * 1000) == 0) return std::to_string(count / (3600 * 1000)) + "h";
  if (count % (60 * 1000) == 0) return std::to_string(count / (60 * 1000)) + "m";
  if (count % 1000 == 0) return std::to_string(count / 1000) + "s";
  return std::to_string(count) + "ms";
}

}  // namespace weir::base
