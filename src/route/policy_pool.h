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
  const CompileOptions& options_;
  std::unordered_multimap<std::size_t, std::weak_ptr<const LocationPolicies>> known_;
  std::size_t prune_at_ = 1024;
};

}  // namespace weir::route
