// Strict-Transport-Security on HTTPS responses (spec 2.8). ConfigMap keys; the annotations of the same names are an
// addition of Weir's, because users' manifests carry them.
#pragma once

#include <string>

namespace weir::features {

struct HstsPolicy {
  bool enabled = true;
  bool include_subdomains = true;
  bool preload = false;
  std::string max_age = "31536000";

  bool operator==(const HstsPolicy&) const = default;
};

// The header's value, ready-made: "max-age=31536000; includeSubDomains".
std::string header_value(const HstsPolicy& policy);

}  // namespace weir::features
