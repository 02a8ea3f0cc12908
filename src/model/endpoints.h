// Endpoints of one Service port (spec 2.7), and the index that finds the slices of a Service. Pure.
#pragma once

#include "weir/kube/cluster_state.h"
#include "weir/model/build.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::model {

using Slices = std::vector<const kube::EndpointSlice*>;

// Slices by the Service they belong to, in name order. Made once per build; points into the state.
class SliceIndex {
 public:
  explicit SliceIndex(const kube::ClusterState& state);

  // Without the slices of legacy Endpoints objects when the Service has real ones. Valid until the next call.
  const Slices& of(std::string_view ns, std::string_view service);

 private:
  struct Key {
    std::string_view ns;
    std::string_view service;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::string_view>{}(key.ns) * 31 + std::hash<std::string_view>{}(key.service);
    }
  };
  struct Entry {
    const kube::EndpointSlice* slice;
    std::size_t next;  // kEnd: the last one of its Service
  };
  struct Chain {
    std::size_t first;
    std::size_t last;
  };
  static constexpr std::size_t kEnd = static_cast<std::size_t>(-1);

  std::vector<Entry> entries_;
  std::unordered_map<Key, Chain, KeyHash> chains_;
  Slices found_;
};

// The same without an index, for a single question.
Slices slices_of(const kube::ClusterState& state, const std::string& ns, std::string_view service);

// <namespace>-<service>-<port as written> (spec 2.7).
std::string backend_name(std::string_view ns, std::string_view service, std::string_view port);

// Fills state, endpoints and external name of `backend`, whose ns, service, port and name are set. `service` may be null.
void resolve(const kube::Service* service, const Slices& slices, const kube::PortRef& port, bool service_upstream,
             const Options& options, Backend& backend, base::Diagnostics& diagnostics);

}  // namespace weir::model
