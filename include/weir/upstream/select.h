// Balancer: which endpoint of a backend is tried next (life-of-a-request, step 7; spec 3.3, 3.4). One worker; its state
// is known by backend and endpoint ids and outlives tables.
//
// Round robin needs a position only and goes through next(). Every other algorithm goes through a Selection, which
// belongs to one request and lives until finished() was told how its last try went.
#pragma once

#include "weir/observe/access_log.h"
#include "weir/route/hash_ring.h"
#include "weir/route/routing_table.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::upstream {

// What one request asks of the balancer, and what is remembered between its tries.
struct Selection {
  const route::Backend* backend = nullptr;     // null: round robin, the Selection is not used
  std::span<const route::Endpoint> endpoints;  // not empty
  std::string key;                             // hash, hash_subset: the text that decides
  std::string session;       // sticky: the endpoint's part of the affinity cookie; empty: the request has none
  bool new_session = false;  // sticky: `session` was made here, the client is to get it

  void clear();

 private:
  friend class Balancer;
  std::vector<std::uint32_t> tried_;  // indexes of endpoints
  int tries_ = 0;
  std::uint32_t current_ = 0;
  route::EndpointId counted_ = 0;
  bool is_counted_ = false;  // in the number of requests of endpoint `counted_`
};

class Balancer {
 public:
  explicit Balancer(std::uint64_t seed) : random_(seed | 1) {}

  // Round robin with a random start per worker, so that workers do not march in step. REQUIRES: not empty.
  const route::Endpoint& next(route::BackendId backend, std::span<const route::Endpoint> endpoints);

  // The endpoint of the next try; nullptr: none is left (session-cookie-change-on-failure; the answer is 502).
  const route::Endpoint* choose(Selection& selection);
  // The request is over; `last`: its last try. Once per Selection that choose() was called for.
  void finished(Selection& selection, const observe::UpstreamTry& last);

  // Uniform, not for secrets.
  std::uint32_t random();

 private:
  struct EndpointState {
    route::EndpointId id = 0;
    std::uint32_t active = 0;     // requests under way
    double score = 0;             // seconds, of the moment touched_us
    std::int64_t touched_us = 0;  // monotonic
  };
  struct BackendState {
    std::uint64_t revision = 0;             // of the Backend that `endpoints` are those of
    std::vector<EndpointState> endpoints;   // in its order
    std::unique_ptr<route::HashRing> ring;  // of an external name
    std::vector<route::EndpointId> ring_of;
  };

  std::uint32_t below(std::uint32_t limit) { return random() % limit; }
  BackendState& state_of(route::BackendId backend);
  // Its endpoints' state in their order; nullptr: the request belongs to an older table than the state.
  BackendState* aligned(const Selection& selection, std::int64_t now_us);
  EndpointState* find(BackendState& state, std::uint32_t index, route::EndpointId id);
  const route::HashRing& ring_of(const Selection& selection);
  std::uint32_t next_index(const Selection& selection);
  // Indexes not tried yet, in candidates_; all of them once every one was.
  void collect_candidates(Selection& selection);

  std::uint32_t choose_ewma(Selection& selection);
  std::uint32_t choose_least_conn(Selection& selection);
  std::uint32_t choose_by_hash(const Selection& selection);
  // false: none is left.
  bool choose_balanced(Selection& selection, std::uint32_t& index);
  bool choose_persistent(Selection& selection, std::uint32_t& index);
  void release(Selection& selection);

  std::vector<std::uint32_t> positions_;               // round robin, by BackendId; 0: not used yet
  std::vector<std::unique_ptr<BackendState>> states_;  // by BackendId
  std::vector<std::uint32_t> candidates_;              // scratch
  std::uint64_t random_;
};

}  // namespace weir::upstream
