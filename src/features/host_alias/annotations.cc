#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

// A plain name, "*.rest", ".rest" or "rest.*" without an empty label; expressions ("~...") are compiled with the table.
bool is_host_pattern(std::string_view name) {
  if (name.front() == '~') return true;
  if (name.find("..") != std::string_view::npos) return false;
  if (name.size() > 2 && name.substr(0, 2) == "*.")
    name.remove_prefix(2);
  else if (name.size() > 2 && name.substr(name.size() - 2) == ".*")
    name.remove_suffix(2);
  return name.find('*') == std::string_view::npos;
}

std::optional<std::string> read_names(std::string_view value, Policies& into) {
  std::vector<std::string> names = base::split_list(value);
  for (const std::string& name : names) {
    if (!is_host_pattern(name)) return "has `" + name + "`, which is neither a host name nor a wildcard";
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  into.host_alias.names = std::move(names);
  return std::nullopt;
}

}  // namespace

AnnotationSet host_alias_annotations() {
  return annotation_set(
      "host_alias", "Aliases",
      {
          Spec("server-alias", Support::exact, syntax::host_list(), Scope::host, OnInvalid::refuse_object,
               "Extra names of the host; the first Ingress of a host decides.")
              .risk(RiskLevel::high)
              .unusable(OnInvalid::deny_location)
              .apply(read_names)
              .print([](const Policies& from) { return base::join(from.host_alias.names, ","); }),
      });
}

}  // namespace weir::features
