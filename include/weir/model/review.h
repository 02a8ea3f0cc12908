// review (spec 8.8): what the admission webhook says about one Ingress before the API server stores it, by the same
// rules as `weir check`. Pure; it looks at the one object and at who owns its hosts and paths, nothing is compiled.
// Control thread.
#pragma once

#include "weir/kube/cluster_state.h"
#include "weir/model/accept.h"
#include "weir/model/options.h"

#include <memory>
#include <string>
#include <vector>

namespace weir::model {

struct Review {
  bool allowed = true;
  bool counted = false;               // it got as far as steps 9 to 11, of which check_success and check_errors tell
  std::string message;                // why it is refused
  std::vector<std::string> warnings;  // shown by kubectl, refused or not
};

// `live`: what is in force now; the object's own older version in it is ignored. `only_this`: do not look at the other
// Ingresses (--disable-full-test).
Review review(const std::shared_ptr<const kube::Ingress>& ingress, const AcceptedSet& live,
              const kube::ClusterState& state, const Options& options, bool only_this = false);

}  // namespace weir::model
