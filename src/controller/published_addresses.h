// Which addresses the status of Ingresses shows (spec 8.6). Pure.
#pragma once

#include "weir/controller/status_reporter.h"
#include "weir/kube/cluster_state.h"

#include <optional>
#include <vector>

namespace weir::controller {

// Sorted, each once. nullopt: none are known (no such Service, no Pod, no address yet); nothing is written then.
std::optional<std::vector<kube::LoadBalancerAddress>> published_addresses(const StatusOptions& options,
                                                                          const kube::ClusterState& state);

// Does another controller Pod of the same labels exist? Labels that differ between versions of a Deployment or
// DaemonSet do not count.
bool has_replicas(const StatusOptions& options, const kube::ClusterState& state);

}  // namespace weir::controller
