// Manifests of some paths turned into a table by the very code the daemon uses; for `check` and `explain`. Blocking.
#pragma once

#include "view.h"
#include "weir/base/diagnostic.h"
#include "weir/kube/cluster_state.h"
#include "weir/model/accept.h"
#include "weir/model/build.h"
#include "weir/model/options.h"
#include "weir/route/compile.h"

#include <string>
#include <vector>

namespace weir::app {

struct LoadedModel {
  kube::ClusterState state;
  model::AcceptedSet accepted;
  model::Model model;
  route::RoutingTablePtr table;
  base::Diagnostics diagnostics;  // of all steps, sorted, unique
  bool unreadable = false;        // a path or file could not be read at all
};

View view_of(const LoadedModel& loaded);

LoadedModel load_model(const std::vector<std::string>& paths, const model::Options& options);

// What a compiler needs to know of the flags, and the filters of features/filter_order.h.
route::CompileOptions compile_options(const model::Options& options);

}  // namespace weir::app
