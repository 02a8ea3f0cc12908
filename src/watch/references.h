// Which Secrets and ConfigMaps an object names: all that anything could look up for it, so that nothing is missing when
// it is used. Names of objects that do not exist do no harm. Pure.
#pragma once

#include "weir/kube/objects.h"

#include <compare>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace weir::watch {

struct Reference {
  enum class Kind { secret, config_map };
  Kind kind;
  kube::ObjectName name;

  auto operator<=>(const Reference&) const = default;
};
using References = std::set<Reference>;

// Keys, without prefix, of the annotations that name a Secret or a ConfigMap as "name" or "namespace/name".
std::span<const std::string_view> secret_annotations();
std::span<const std::string_view> config_map_annotations();

References references_of(const kube::Ingress& ingress, std::string_view annotations_prefix);
// Of the global ConfigMap: each value of the form "namespace/name" may be one.
References references_of(const kube::ConfigMap& settings);

}  // namespace weir::watch
