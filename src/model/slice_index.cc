#include "model/endpoints.h"

#include <algorithm>

namespace weir::model {
namespace {

// A cluster mirrors Endpoints into slices: counting both would keep addresses that one of them lost already.
void drop_mirrored(Slices& slices) {
  const auto is_legacy = [](const kube::EndpointSlice* slice) { return slice->legacy; };
  if (!std::all_of(slices.begin(), slices.end(), is_legacy)) std::erase_if(slices, is_legacy);
}

}  // namespace

SliceIndex::SliceIndex(const kube::ClusterState& state) {
  entries_.reserve(state.endpoint_slices.size());
  chains_.reserve(state.endpoint_slices.size());
  for (const auto& [name, slice] : state.endpoint_slices) {
    if (slice->service.empty()) continue;
    const std::size_t index = entries_.size();
    entries_.push_back({slice.get(), kEnd});
    // The label alone decides, not the slice's name (spec 10.17).
    const auto [chain, is_new] = chains_.try_emplace({slice->meta.ns, slice->service}, Chain{index, index});
    if (is_new) continue;
    entries_[chain->second.last].next = index;
    chain->second.last = index;
  }
}

const Slices& SliceIndex::of(std::string_view ns, std::string_view service) {
  found_.clear();
  const auto chain = chains_.find({ns, service});
  if (chain == chains_.end()) return found_;
  for (std::size_t i = chain->second.first; i != kEnd; i = entries_[i].next) found_.push_back(entries_[i].slice);
  drop_mirrored(found_);
  return found_;
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
