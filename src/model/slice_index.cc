#include "model/endpoints.h"

#include <algorithm>
#include <tuple>

namespace weir::model {
namespace {

// A cluster mirrors Endpoints into slices: counting both would keep addresses that one of them lost already.
void drop_mirrored(Slices& slices) {
  const auto is_legacy = [](const kube::EndpointSlice* slice) { return slice->legacy; };
  if (!std::all_of(slices.begin(), slices.end(), is_legacy)) std::erase_if(slices, is_legacy);
}

}  // namespace

SliceIndex::SliceIndex(const kube::ClusterState& state) {
  sorted_.reserve(state.endpoint_slices.size());
  for (const auto& [name, slice] : state.endpoint_slices) {
    // The label alone decides, not the slice's name (spec 10.17).
    if (!slice->service.empty()) sorted_.push_back(slice.get());
  }
  // Slices are usually named after their Service, so that they come nearly sorted.
  const auto before = [](const kube::EndpointSlice* a, const kube::EndpointSlice* b) {
    return std::tie(a->meta.ns, a->service) < std::tie(b->meta.ns, b->service);
  };
  if (!std::is_sorted(sorted_.begin(), sorted_.end(), before)) {
    std::stable_sort(sorted_.begin(), sorted_.end(), before);
  }
  at_ = sorted_.begin();
}

const Slices& SliceIndex::of(const std::string& ns, const std::string& service) {
  found_.clear();
  const auto wanted = std::tie(ns, service);
  const auto key = [](const kube::EndpointSlice* slice) { return std::tie(slice->meta.ns, slice->service); };
  while (at_ != sorted_.end() && key(*at_) < wanted) ++at_;
  // Not moved on: the same Service may be asked for again, with another port.
  for (auto it = at_; it != sorted_.end() && key(*it) == wanted; ++it) found_.push_back(*it);
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
