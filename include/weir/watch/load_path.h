// Reading manifests once, for `weir check` and `weir explain`: the same code, rules and diagnostics as FileSource.
// Blocking; any thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/kube/cluster_state.h"

#include <string>
#include <vector>

namespace weir::watch {

struct Loaded {
  kube::ClusterState state;
  // Codes: "unreadable-file" (also a part of a file that is no YAML or JSON) and "unreadable-folder" mean that input
  // could not be read; "object-invalid" is an object an API server would refuse; "object-duplicate", "object-warning",
  // "kind-not-read" are the milder ones.
  base::Diagnostics diagnostics;
};

// A folder stands for its .yaml, .yml and .json files (not those of folders within, nor hidden ones); a file is read
// whatever its name. A path that does not exist is an "unreadable-file".
Loaded load_paths(const std::vector<std::string>& paths);
Loaded load_path(const std::string& path);

}  // namespace weir::watch
