// PolicyPool: equal policies of locations become one object (routing_table.h says why). Control thread.
#pragma once

#include "weir/route/compile.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>

namespace weir::route {

class PolicyPool {
 public:
  explicit PolicyPool(const CompileOptions& options) : options_(options) {}

  std::shared_ptr<const LocationPolicies> get(const features::Policies& policies);

 private:
  void add_upstream_tls(LocationPolicies& to);

  const CompileOptions& options_;
  // Locations that differ in other settings share connections and sessions.
  struct KnownContext {
    features::ProxySslPolicy policy;
    std::weak_ptr<const tls::ClientContext> context;
  };
  std::unordered_multimap<std::size_t, KnownContext> contexts_;
  std::size_t prune_contexts_at_ = 64;
  std::uint32_t next_context_ = 0;
  std::unordered_multimap<std::size_t, std::weak_ptr<const LocationPolicies>> known_;
  std::size_t prune_at_ = 1024;
};

}  // namespace weir::route
