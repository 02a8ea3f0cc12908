// Endpoints of one Service port (spec 2.7), and the index that finds the slices of a Service. Pure.
#pragma once

#include "weir/kube/cluster_state.h"
#include "weir/model/build.h"

#include <string>
#include <string_view>
#include <vector>

namespace weir::model {

using Slices = std::vector<const kube::EndpointSlice*>;

// Slices by the Service they belong to. Made once per build; points into the state.
class SliceIndex {
 public:
  explicit SliceIndex(const kube::ClusterState& state);

  // Without the slices of legacy Endpoints objects when the Service has real ones. Valid until the next call.
  // REQUIRES: not smaller than the Service asked for before.
  const Slices& of(const std::string& ns, const std::string& service);

 private:
  Slices sorted_;  // by namespace, then Service; those of one Service in name order
  Slices::const_iterator at_;
  Slices found_;
};

// The same without an index, for a single question.
Slices slices_of(const kube::ClusterState& state, const std::string& ns, std::string_view service);

// <namespace>-<service>-<port as written> (spec 2.7).
std::string backend_name(std::string_view ns, std::string_view service, std::string_view port);

// Fills state, endpoints and external name of `backend`, whose ns, service, port and name are set. `service` may be
// null.
void resolve(const kube::Service* service, const Slices& slices, const kube::PortRef& port, bool service_upstream,
             const Options& options, Backend& backend, base::Diagnostics& diagnostics);

}  // namespace weir::model
