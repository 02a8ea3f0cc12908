// Balancer: which endpoint of a backend is tried next (life-of-a-request, step 7; spec 3.4). One worker; its state is
// known by backend id and outlives tables.
#pragma once

#include "weir/route/routing_table.h"

#include <cstdint>
#include <span>
#include <vector>

namespace weir::upstream {

class Balancer {
 public:
  explicit Balancer(std::uint64_t seed) : random_(seed | 1) {}

  // Round robin with a random start per worker, so that workers do not march in step. REQUIRES: not empty.
  const route::Endpoint& next(route::BackendId backend, std::span<const route::Endpoint> endpoints);

  // Uniform, not for secrets.
  std::uint32_t random();

 private:
  std::vector<std::uint32_t> positions_;  // by BackendId; 0: not used yet
  std::uint64_t random_;
};

}  // namespace weir::upstream
