// Step 7 of life-of-a-request: choosing an endpoint.
#include "weir/upstream/select.h"

namespace weir::upstream {

std::uint32_t Balancer::random() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return static_cast<std::uint32_t>(random_ >> 32);
}

const route::Endpoint& Balancer::next(route::BackendId backend, std::span<const route::Endpoint> endpoints) {
  if (backend >= positions_.size()) positions_.resize(backend + 1);
  std::uint32_t& position = positions_[backend];
  if (position == 0) position = random() | 1;
  const route::Endpoint& chosen = endpoints[position % endpoints.size()];
  ++position;
  return chosen;
}

}  // namespace weir::upstream
