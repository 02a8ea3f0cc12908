// Step 7 of life-of-a-request: primary or canary.
#include "weir/upstream/canary.h"

#include "weir/base/ascii.h"
#include "weir/http/cookies.h"
#include "weir/upstream/affinity.h"

#include <optional>
#include <string>

namespace weir::upstream {
namespace {

// Names are compared like those of nginx's $http_ variables: case does not count, and '-' is '_'.
bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] == '-' ? '_' : base::to_lower(a[i]);
    const char y = b[i] == '-' ? '_' : base::to_lower(b[i]);
    if (x != y) return false;
  }
  return true;
}

// All lines of the field as one list; nullopt: it is not there.
std::optional<std::string> field_value(const http::Fields& fields, std::string_view name) {
  std::optional<std::string> value;
  for (const http::Field& field : fields.all()) {
    if (!same_name(fields.name(field), name)) continue;
    if (value) {
      value->append(", ").append(fields.value(field));
    } else {
      value.emplace(fields.value(field));
    }
  }
  return value;
}

// `always` and `never`; nullopt: any other text decides nothing.
std::optional<bool> decided_by_word(std::string_view value) {
  if (value == "always") return true;
  if (value == "never") return false;
  return std::nullopt;
}

std::optional<bool> decided_by_header(const route::Backend& canary, const http::Fields& fields, route::Lookup& lookup) {
  const features::CanaryPolicy& rules = canary.canary;
  if (rules.header.empty()) return std::nullopt;
  const std::optional<std::string> value = field_value(fields, rules.header);
  if (!value) return std::nullopt;
  if (!rules.header_value.empty()) {
    return *value == rules.header_value ? std::optional<bool>(true) : std::nullopt;
  }
  if (!rules.header_pattern.empty()) {
    if (!canary.canary_pattern) return false;  // it does not compile: the primary, at once
    return lookup.contains(*canary.canary_pattern, *value) ? std::optional<bool>(true) : std::nullopt;
  }
  return decided_by_word(*value);
}

std::optional<bool> decided_by_cookie(const features::CanaryPolicy& rules, const http::Fields& fields) {
  if (rules.cookie.empty()) return std::nullopt;
  return decided_by_word(http::find_cookie(fields, rules.cookie, http::CookieCase::ignored));
}

}  // namespace

bool goes_to_canary(const route::Backend& primary, const route::Backend& canary, const http::Fields& fields,
                    route::Lookup& lookup, std::uint32_t random) {
  if (primary.affinity.cookie) {
    const std::string_view session = read_affinity_cookie(fields, primary.affinity.name).backend;
    if (!session.empty() && session == primary.affinity_id) return false;
    if (!session.empty() && session == canary.affinity_id) return true;
  }
  if (const std::optional<bool> decided = decided_by_header(canary, fields, lookup)) return *decided;
  if (const std::optional<bool> decided = decided_by_cookie(canary.canary, fields)) return *decided;
  const int weight = canary.canary.weight;
  if (weight <= 0) return false;
  const auto total = static_cast<std::uint32_t>(canary.canary.total());
  return random % total < static_cast<std::uint32_t>(weight);
}

}  // namespace weir::upstream
