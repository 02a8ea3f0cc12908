// TCP and UDP services: the data of the ConfigMaps of --tcp-services-configmap and --udp-services-configmap, resolved
// (spec 4.14). Pure.
#pragma once

#include "model/slice_index.h"
#include "weir/base/diagnostic.h"
#include "weir/kube/cluster_state.h"
#include "weir/model/model.h"
#include "weir/model/options.h"

#include <set>
#include <vector>

namespace weir::model {

struct PortServices {
  std::vector<PortService> all;         // TCP before UDP, then by port
  std::set<kube::ObjectName> services;  // that entries name, whether they exist or not
  base::Diagnostics diagnostics;        // each entry that is left out, with the reason
};

// Entries without a Service, a port of its protocol or endpoints are left out: their ports are closed, as in the
// original. Codes: "stream-..." on the ConfigMap, with the entry's key.
PortServices port_services(const kube::ClusterState& state, const SliceIndex& slices, const Options& options);

}  // namespace weir::model
