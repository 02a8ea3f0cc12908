// What the original's admission webhook (spec 8.8) says about the newest version of each Ingress beyond what accept()
// and build() report already: path types, two types of one path in two Ingresses, the UID, deprecated annotations. Used
// by `weir check`, later by the webhook. Pure; control thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/kube/cluster_state.h"
#include "weir/model/accept.h"
#include "weir/model/options.h"

namespace weir::model {

// Severity::error where the webhook refuses the object, Severity::warning for its warnings. Ordered by object. Together
// with the diagnostics of accept() and build() each fact is reported once.
base::Diagnostics admission_errors(const AcceptedSet& accepted, const kube::ClusterState& state,
                                   const Options& options);

// Spec 8.8, step 1: the webhook admits whatever is being deleted. What is an error about such an Ingress (of accept(),
// build() or the function above) becomes a warning.
void admit_leaving(const kube::ClusterState& state, base::Diagnostics& diagnostics);

}  // namespace weir::model
