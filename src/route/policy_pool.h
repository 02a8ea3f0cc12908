// PolicyPool: equal policies of locations become one object (routing_table.h says why). Control thread.
#pragma once

#include "weir/route/compile.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

namespace weir::route {

class PolicyPool {
 public:
  explicit PolicyPool(const CompileOptions& options) : options_(options) {}

  std::shared_ptr<const LocationPolicies> get(const features::Policies& policies);

 private:
  void add_upstream_tls(LocationPolicies& to);
  void add_auth_tls(LocationPolicies& to);
  void add_mirror_tls(LocationPolicies& to);

  const CompileOptions& options_;
  // Locations that differ in other settings share connections and sessions.
  struct KnownContext {
    features::ProxySslPolicy policy;
    std::weak_ptr<const tls::ClientContext> context;
  };
  std::unordered_multimap<std::size_t, KnownContext> contexts_;
  std::size_t prune_contexts_at_ = 64;
  std::map<std::string, std::weak_ptr<const tls::ClientContext>> auth_contexts_;  // by ca.crt and ca.crl
  std::weak_ptr<const tls::ClientContext> mirror_context_;                        // one for all
  std::uint32_t next_context_ = 0;
  std::unordered_multimap<std::size_t, std::weak_ptr<const LocationPolicies>> known_;
  std::size_t prune_at_ = 1024;
};

}  // namespace weir::route
