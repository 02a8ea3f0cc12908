#include "weir/features/hsts/policy.h"

namespace weir::features {

std::string header_value(const HstsPolicy& policy) {
  std::string out = "max-age=" + policy.max_age;
  if (policy.include_subdomains) out += "; includeSubDomains";
  if (policy.preload) out += "; preload";
  return out;
}

}  // namespace weir::features
