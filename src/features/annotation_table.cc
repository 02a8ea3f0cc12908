#include "weir/features/annotation_table.h"

#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <vector>

namespace weir::features {
namespace {

std::vector<AnnotationRow> make_table() {
  std::vector<AnnotationRow> out;
  for (const AnnotationSet& set : annotation_sets()) out.insert(out.end(), set.rows.begin(), set.rows.end());
  std::sort(out.begin(), out.end(), [](const AnnotationRow& a, const AnnotationRow& b) { return a.key < b.key; });
  return out;
}

}  // namespace

std::span<const AnnotationRow> annotation_table() {
  static const std::vector<AnnotationRow> table = make_table();
  return table;
}

const AnnotationRow* find_annotation(std::string_view key) {
  const std::span<const AnnotationRow> table = annotation_table();
  const auto found = std::lower_bound(table.begin(), table.end(), key,
                                      [](const AnnotationRow& row, std::string_view name) { return row.key < name; });
  if (found != table.end() && found->key == key) return &*found;
  if (key.empty()) return nullptr;
  const auto alias =
      std::find_if(table.begin(), table.end(), [key](const AnnotationRow& row) { return row.alias == key; });
  return alias == table.end() ? nullptr : &*alias;
}

Support support_of(const AnnotationRow& row, std::string_view value) {
  const bool planned = std::any_of(row.planned_values.begin(), row.planned_values.end(),
                                   [value](std::string_view one) { return base::iequals(value, one); });
  return planned ? Support::planned : row.support;
}

const char* to_string(Support support) {
  switch (support) {
    case Support::exact:
      return "exact";
    case Support::noop:
      return "no-op";
    case Support::planned:
      return "planned";
    case Support::refused:
      return "refused";
  }
  return "";
}

const char* to_string(Scope scope) {
  switch (scope) {
    case Scope::location:
      return "location";
    case Scope::host:
      return "host";
    case Scope::upstream:
      return "upstream";
    case Scope::global:
      return "global";
  }
  return "";
}

const char* to_string(RiskLevel risk) {
  switch (risk) {
    case RiskLevel::low:
      return "Low";
    case RiskLevel::medium:
      return "Medium";
    case RiskLevel::high:
      return "High";
    case RiskLevel::critical:
      return "Critical";
  }
  return "";
}

const char* to_string(OnInvalid reaction) {
  switch (reaction) {
    case OnInvalid::refuse_object:
      return "ING";
    case OnInvalid::deny_location:
      return "503";
    case OnInvalid::use_default:
      return "DEF";
    case OnInvalid::drop_group:
      return "GRP";
  }
  return "";
}

}  // namespace weir::features
