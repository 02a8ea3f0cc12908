// SliceIndex: the EndpointSlices of a Service, by its label (spec 10.17: the label alone decides, not the slice's
// name). Kept up to date slice by slice; holds the slices it names. One thread.
#pragma once

#include "weir/kube/changes.h"
#include "weir/kube/cluster_state.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::model {

using Slices = std::vector<const kube::EndpointSlice*>;

class SliceIndex {
 public:
  // Takes over what `changes` names. Returns the Services whose slices may have changed.
  std::set<kube::ObjectName> update(const kube::ClusterState& state, const kube::Changes& changes);

  // In name order, without the slices of legacy Endpoints objects when the Service has real ones.
  Slices of(const std::string& ns, const std::string& service) const;

 private:
  using SlicePtr = std::shared_ptr<const kube::EndpointSlice>;
  void take(const kube::ObjectName& name, SlicePtr slice, std::set<kube::ObjectName>& services);

  std::map<kube::ObjectName, SlicePtr> slices_;  // those that belong to a Service
  std::unordered_map<std::string, std::map<std::string_view, const kube::EndpointSlice*>> by_service_;
};

// The same without an index, for a single question.
Slices slices_of(const kube::ClusterState& state, const std::string& ns, std::string_view service);

}  // namespace weir::model
