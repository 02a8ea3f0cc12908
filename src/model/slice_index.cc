#include "model/slice_index.h"

#include <algorithm>
#include <utility>

namespace weir::model {
namespace {

// A cluster mirrors Endpoints into slices: counting both would keep addresses that one of them lost already.
void drop_mirrored(Slices& slices) {
  const auto is_legacy = [](const kube::EndpointSlice* slice) { return slice->legacy; };
  if (!std::all_of(slices.begin(), slices.end(), is_legacy)) std::erase_if(slices, is_legacy);
}

}  // namespace

void SliceIndex::take(const kube::ObjectName& name, SlicePtr slice, std::set<kube::ObjectName>& services) {
  if (slice && slice->service.empty()) slice = nullptr;
  const auto known = slices_.find(name);
  if (known == slices_.end() ? slice == nullptr : known->second == slice) return;
  if (known != slices_.end()) {
    const kube::ObjectName before{name.ns, known->second->service};
    const auto entry = by_service_.find(kube::to_string(before));
    entry->second.erase(name.name);
    if (entry->second.empty()) by_service_.erase(entry);
    services.insert(before);
    slices_.erase(known);
  }
  if (!slice) return;
  const auto added = slices_.emplace(name, std::move(slice)).first;
  const kube::ObjectName now{name.ns, added->second->service};
  by_service_[kube::to_string(now)].emplace(added->first.name, added->second.get());
  services.insert(now);
}

std::set<kube::ObjectName> SliceIndex::update(const kube::ClusterState& state, const kube::Changes& changes) {
  std::set<kube::ObjectName> services;
  if (changes.everything) {
    slices_.clear();
    by_service_.clear();
    for (const auto& [name, slice] : state.endpoint_slices) take(name, slice, services);
    return services;
  }
  for (const kube::ObjectName& name : changes.endpoint_slices) {
    take(name, state.find<kube::EndpointSlice>(name), services);
  }
  return services;
}

Slices SliceIndex::of(const std::string& ns, const std::string& service) const {
  Slices found;
  const auto entry = by_service_.find(kube::to_string(kube::ObjectName{ns, service}));
  if (entry == by_service_.end()) return found;
  found.reserve(entry->second.size());
  for (const auto& [name, slice] : entry->second) found.push_back(slice);
  drop_mirrored(found);
  return found;
}

Slices slices_of(const kube::ClusterState& state, const std::string& ns, std::string_view service) {
  Slices found;
  for (auto it = state.endpoint_slices.lower_bound({ns, ""}); it != state.endpoint_slices.end(); ++it) {
    if (it->first.ns != ns) break;
    if (it->second->service == service) found.push_back(it->second.get());
  }
  drop_mirrored(found);
  return found;
}

}  // namespace weir::model
