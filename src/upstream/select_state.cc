// Step 7 of life-of-a-request: endpoints by score (ewma) or by requests under way (least_conn). A worker knows its own
// requests only (docs/differences.md).
#include "upstream/clock.h"
#include "weir/upstream/select.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

namespace weir::upstream {
namespace {

constexpr double kDecaySeconds = 10;  // spec 3.4
constexpr double kSecond = 1e6;

double decay_since(std::int64_t then_us, std::int64_t now) {
  return now > then_us ? std::exp(-static_cast<double>(now - then_us) / kSecond / kDecaySeconds) : 1;
}

}  // namespace

Balancer::BackendState& Balancer::state_of(route::BackendId backend) {
  if (backend >= states_.size()) states_.resize(backend + 1);
  if (!states_[backend]) states_[backend] = std::make_unique<BackendState>();
  return *states_[backend];
}

// Endpoints that stay keep their state, new ones begin at the mean of the scores, those that went are forgotten.
Balancer::BackendState* Balancer::aligned(const Selection& selection, std::int64_t now) {
  BackendState& state = state_of(selection.backend->id);
  const auto same = [](const EndpointState& a, const route::Endpoint& b) { return a.id == b.id; };
  const bool external = !selection.backend->external_name.empty();
  if (state.revision == selection.backend->revision &&
      (!external || std::equal(state.endpoints.begin(), state.endpoints.end(), selection.endpoints.begin(),
                               selection.endpoints.end(), same))) {
    return &state;
  }
  if (state.revision > selection.backend->revision) return nullptr;
  double total = 0;
  std::unordered_map<route::EndpointId, const EndpointState*> known;
  for (const EndpointState& one : state.endpoints) {
    total += one.score;
    known.emplace(one.id, &one);
  }
  const double mean = state.endpoints.empty() ? 0 : total / static_cast<double>(state.endpoints.size());
  std::vector<EndpointState> next;
  next.reserve(selection.endpoints.size());
  for (const route::Endpoint& endpoint : selection.endpoints) {
    const auto found = known.find(endpoint.id);
    next.push_back(found != known.end() ? *found->second : EndpointState{endpoint.id, 0, mean, now});
  }
  state.endpoints = std::move(next);
  state.revision = selection.backend->revision;
  return &state;
}

Balancer::EndpointState* Balancer::find(BackendState& state, std::uint32_t index, route::EndpointId id) {
  if (index < state.endpoints.size() && state.endpoints[index].id == id) return &state.endpoints[index];
  const auto found = std::find_if(state.endpoints.begin(), state.endpoints.end(),
                                  [id](const EndpointState& one) { return one.id == id; });
  return found == state.endpoints.end() ? nullptr : &*found;
}

const route::HashRing& Balancer::ring_of(const Selection& selection) {
  if (selection.backend->ring) return *selection.backend->ring;
  BackendState& state = state_of(selection.backend->id);
  const auto same = [](route::EndpointId a, const route::Endpoint& b) { return a == b.id; };
  if (state.ring && std::equal(state.ring_of.begin(), state.ring_of.end(), selection.endpoints.begin(),
                               selection.endpoints.end(), same)) {
    return *state.ring;
  }
  state.ring_of.clear();
  for (const route::Endpoint& endpoint : selection.endpoints) state.ring_of.push_back(endpoint.id);
  state.ring = std::make_unique<route::HashRing>(route::ring_nodes(*selection.backend, selection.endpoints));
  return *state.ring;
}

void Balancer::collect_candidates(Selection& selection) {
  const auto count = static_cast<std::uint32_t>(selection.endpoints.size());
  if (selection.tried_.size() >= count) selection.tried_.clear();
  candidates_.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    if (std::find(selection.tried_.begin(), selection.tried_.end(), i) == selection.tried_.end()) {
      candidates_.push_back(i);
    }
  }
}

// Two random ones that were not tried yet; the one with the lower score.
std::uint32_t Balancer::choose_ewma(Selection& selection) {
  const auto count = static_cast<std::uint32_t>(selection.endpoints.size());
  if (count == 1) return 0;
  const std::int64_t now = now_us();
  const BackendState* state = aligned(selection, now);
  if (state == nullptr) return next_index(selection);
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  if (selection.tried_.empty()) {
    a = below(count);
    b = below(count - 1);
    if (b >= a) ++b;
  } else {
    collect_candidates(selection);
    const auto left = static_cast<std::uint32_t>(candidates_.size());
    if (left == 1) return candidates_.front();
    const std::uint32_t first = below(left);
    std::uint32_t second = below(left - 1);
    if (second >= first) ++second;
    a = candidates_[first];
    b = candidates_[second];
  }
  const auto score = [now](const EndpointState& one) { return one.score * decay_since(one.touched_us, now); };
  return score(state->endpoints[a]) <= score(state->endpoints[b]) ? a : b;
}

// The one with the fewest requests under way; equal ones take turns.
std::uint32_t Balancer::choose_least_conn(Selection& selection) {
  BackendState* state = aligned(selection, 0);
  const auto count = static_cast<std::uint32_t>(selection.endpoints.size());
  std::uint32_t best = next_index(selection);
  if (state == nullptr) return best;
  if (selection.tried_.size() >= count) selection.tried_.clear();
  const std::uint32_t start = best;
  std::uint32_t fewest = 0xffffffffu;
  for (std::uint32_t i = 0; i < count && fewest != 0; ++i) {
    const std::uint32_t at = (start + i) % count;
    if (state->endpoints[at].active >= fewest) continue;
    if (std::find(selection.tried_.begin(), selection.tried_.end(), at) != selection.tried_.end()) continue;
    best = at;
    fewest = state->endpoints[at].active;
  }
  ++state->endpoints[best].active;
  selection.counted_ = state->endpoints[best].id;
  selection.is_counted_ = true;
  return best;
}

void Balancer::release(Selection& selection) {
  if (!selection.is_counted_) return;
  selection.is_counted_ = false;
  EndpointState* endpoint = find(state_of(selection.backend->id), selection.current_, selection.counted_);
  if (endpoint != nullptr && endpoint->active > 0) --endpoint->active;
}

void Balancer::finished(Selection& selection, const observe::UpstreamTry& last) {
  release(selection);
  if (selection.backend->algorithm != route::Algorithm::ewma || selection.tries_ == 0 || last.response_time < 0) return;
  BackendState& state = state_of(selection.backend->id);
  EndpointState* endpoint = find(state, selection.current_, selection.endpoints[selection.current_].id);
  if (endpoint == nullptr) return;
  const std::int64_t now = now_us();
  const double sample =
      static_cast<double>(std::max<std::int64_t>(last.connect_time, 0) + last.response_time) / kSecond;
  const double weight = decay_since(endpoint->touched_us, now);
  endpoint->score = endpoint->score * weight + sample * (1 - weight);
  endpoint->touched_us = now;
}

}  // namespace weir::upstream
