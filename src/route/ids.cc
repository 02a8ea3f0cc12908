#include "route/ids.h"

namespace weir::route {

LocationId Ids::location(std::string_view host, const Location& location) {
  std::string key(location.type == PathType::exact ? "=" : "^");
  // Lengths keep parts apart whatever bytes they hold.
  for (std::string_view part : {host, std::string_view(location.path), std::string_view(location.ns),
                                std::string_view(location.ingress), std::string_view(location.service)}) {
    key.append(std::to_string(part.size())).append(":").append(part);
  }
  return number(locations_, key);
}

}  // namespace weir::route
