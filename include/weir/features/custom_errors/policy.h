// Which responses are replaced by those of an error backend, and which Service that is (spec 4.7). Consumed by
// model/host_table.cc (default-backend) and proxy/pipeline_errors.cc.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace weir::features {

struct CustomErrorsPolicy {
  std::vector<int> codes;       // sorted; the annotation's list, else the ConfigMap's
  bool only_own = false;        // disable-proxy-intercept-errors: responses of the upstream are left alone
  std::string default_backend;  // Service of the Ingress' namespace: error backend and stand-in; empty: none

  bool replaces(int status) const { return std::binary_search(codes.begin(), codes.end(), status); }
  bool operator==(const CustomErrorsPolicy&) const = default;
};

}  // namespace weir::features
