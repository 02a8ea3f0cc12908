// Response headers from a ConfigMap (spec 4.8): custom-headers names it, model/custom_headers.cc reads it.
// Consumed by features/custom_headers/filter.cc.
#pragma once

#include <string>
#include <vector>

namespace weir::features {

struct HeaderField {
  std::string name;
  std::string value;

  bool operator==(const HeaderField&) const = default;
};

struct CustomHeadersPolicy {
  std::string config_map;           // "namespace/name"; empty: none
  std::vector<HeaderField> fields;  // sorted by name; literal, `$` too

  bool operator==(const CustomHeadersPolicy&) const = default;
};

}  // namespace weir::features
