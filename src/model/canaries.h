// Canary Ingresses (spec 3.1): they offer alternative backends to rules of others, and make nothing of their own. All
// of them are looked at together: one rule may void later ones. Pure but for what it asks of the entries.
#pragma once

#include "model/host_entry.h"
#include "weir/kube/cluster_state.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace weir::model {

struct Canaries {
  std::map<BackendEntry*, std::vector<BackendEntry*>> alternatives;  // of a backend: its canaries, oldest first
  std::map<BackendEntry*, features::AffinityPolicy> sticky;          // of a canary: the affinity of its primary
  base::Diagnostics diagnostics;
};

// A host by name with its locations as they will be; both null: there is none.
struct CanaryHost {
  const HostEntry* entry = nullptr;
  const Host* host = nullptr;
};

// `ingresses`: the canaries, in processing order.
Canaries attach_canaries(const std::vector<AcceptedPtr>& ingresses, BackendTable& backends,
                         const std::function<CanaryHost(const std::string&)>& find_host,
                         const kube::ClusterState& state);

}  // namespace weir::model
