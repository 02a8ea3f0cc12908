#include "model/object_rules.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <string_view>

namespace weir::model {
namespace {

// Spec 2.11: a leading '/', then letters, digits and . _ - /
bool is_plain_path(std::string_view path) {
  const auto allowed = [](char c) { return base::is_alnum(c) || c == '.' || c == '_' || c == '-' || c == '/'; };
  return path.starts_with('/') && std::all_of(path.begin(), path.end(), allowed);
}

// 8-4-4-4-12 hexadecimal digits.
bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = base::to_lower(text[i]);
    if (is_dash ? c != '-' : !(base::is_digit(c) || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

}  // namespace

bool has_bad_uid(const kube::Ingress& ingress) {
  return !ingress.meta.uid.empty() && !is_uuid(ingress.meta.uid);
}

// A path without a type is a Prefix (spec 2.1, 2.11).
std::vector<std::string> path_type_problems(const kube::Ingress& ingress) {
  std::vector<std::string> problems;
  for (const kube::IngressRule& rule : ingress.rules) {
    for (const kube::IngressPath& path : rule.paths) {
      const auto type = path.type.value_or(kube::PathType::prefix);
      if (path.path.empty() || type == kube::PathType::implementation_specific || is_plain_path(path.path)) continue;
      problems.push_back("path " + path.path + " cannot be used with pathType " + kube::to_string(type));
    }
  }
  return problems;
}

}  // namespace weir::model
