#include "weir/features/cors/policy.h"

#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

bool is_label_character(char c) {
  return base::is_alnum(c) || c == '-';
}

// `*` stands for exactly one label (spec 4.4).
bool matches_origin(std::string_view item, std::string_view origin) {
  const std::size_t star = item.find('*');
  if (star == std::string_view::npos) return base::iequals(item, origin);
  const std::string_view before = item.substr(0, star);
  const std::string_view behind = item.substr(star + 1);
  if (origin.size() <= before.size() + behind.size()) return false;
  if (!base::iequals(origin.substr(0, before.size()), before)) return false;
  if (!base::iequals(origin.substr(origin.size() - behind.size()), behind)) return false;
  const std::string_view label = origin.substr(before.size(), origin.size() - before.size() - behind.size());
  return std::all_of(label.begin(), label.end(), is_label_character);
}

}  // namespace

bool CorsPolicy::accepts(std::string_view origin) const {
  if (any_origin) return true;
  if (origin.empty()) return false;
  return std::any_of(origins.begin(), origins.end(),
                     [origin](const std::string& item) { return matches_origin(item, origin); });
}

}  // namespace weir::features
