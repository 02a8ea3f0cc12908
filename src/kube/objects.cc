#include "weir/kube/objects.h"

namespace weir::kube {

std::string to_string(const ObjectName& name) {
  return name.ns + "/" + name.name;
}

const char* to_string(PathType type) {
  switch (type) {
    case PathType::exact:
      return "Exact";
    case PathType::prefix:
      return "Prefix";
    case PathType::implementation_specific:
      return "ImplementationSpecific";
  }
  return "ImplementationSpecific";
}

}  // namespace weir::kube
