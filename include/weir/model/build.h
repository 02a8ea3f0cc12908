// build (life-of-an-object, step 4): accepted objects -> Model. Pure: same input, same output. Control thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/model/accept.h"
#include "weir/model/model.h"
#include "weir/model/options.h"

namespace weir::model {

struct BuildResult {
  Model model;
  base::Diagnostics diagnostics;  // shadowed rules, missing services, denied locations ...
};

BuildResult build(const AcceptedSet& accepted, const kube::ClusterState& state, const Options& options);

// The endpoints of one Service port (spec 2.7). Also used when only endpoints changed.
Backend resolve_backend(const kube::ClusterState& state, const Options& options, const std::string& ns,
                        const std::string& service, const kube::PortRef& port, bool service_upstream,
                        base::Diagnostics& diagnostics);

}  // namespace weir::model
