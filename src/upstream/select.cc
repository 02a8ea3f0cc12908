// Step 7 of life-of-a-request: choosing an endpoint. What is random or stateless; scores and counts are in
// select_state.cc.
#include "weir/upstream/select.h"

#include "upstream/clock.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace weir::upstream {
namespace {

using route::Algorithm;

constexpr int kNewKeys = 20;  // tried for an endpoint that has not failed (spec 3.3)

// "<unix time with ms, plus the attempt>.<pid>.<random 1 to 999999>"
std::string make_session(int attempt, std::uint32_t random) {
  const std::int64_t ms = wall_clock_ms();
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%lld.%03d.%d.%u", static_cast<long long>(ms) / 1000 + attempt,
                                 static_cast<int>(ms % 1000), static_cast<int>(getpid()), random % 999999 + 1);
  return {text, static_cast<std::size_t>(size)};
}

bool contains(const std::vector<std::uint32_t>& all, std::uint32_t one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::string key_of(const Selection& selection, std::uint32_t index) {
  for (const route::AffinityKey& one : selection.backend->affinity_keys) {
    if (one.endpoint == index) return one.key;
  }
  return route::affinity_key(selection.backend->name, selection.endpoints[index].text);
}

// Index of the endpoint with that key; the number of endpoints: none.
std::uint32_t find_key(const Selection& selection) {
  const auto none = static_cast<std::uint32_t>(selection.endpoints.size());
  const std::vector<route::AffinityKey>& keys = selection.backend->affinity_keys;
  if (keys.empty()) {  // an external name
    for (std::uint32_t i = 0; i < none; ++i) {
      if (key_of(selection, i) == selection.session) return i;
    }
    return none;
  }
  const auto found = std::lower_bound(keys.begin(), keys.end(), selection.session,
                                      [](const route::AffinityKey& a, const std::string& key) { return a.key < key; });
  return found != keys.end() && found->key == selection.session ? found->endpoint : none;
}

}  // namespace

void Selection::clear() {
  backend = nullptr;
  endpoints = {};
  key.clear();
  session.clear();
  new_session = false;
  tried_.clear();
  tries_ = 0;
  current_ = 0;
  is_counted_ = false;
}

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

std::uint32_t Balancer::next_index(const Selection& selection) {
  const route::Endpoint& chosen = next(selection.backend->id, selection.endpoints);
  return static_cast<std::uint32_t>(&chosen - selection.endpoints.data());
}

const route::Endpoint* Balancer::choose(Selection& selection) {
  release(selection);
  std::uint32_t index = 0;
  bool found = true;
  switch (selection.backend->algorithm) {
    case Algorithm::round_robin:
      index = next_index(selection);
      break;
    case Algorithm::ewma:
      index = choose_ewma(selection);
      break;
    case Algorithm::least_conn:
      index = choose_least_conn(selection);
      break;
    case Algorithm::hash:
    case Algorithm::hash_subset:
      index = choose_by_hash(selection);
      break;
    case Algorithm::sticky_balanced:
      found = choose_balanced(selection, index);
      break;
    case Algorithm::sticky_persistent:
      found = choose_persistent(selection, index);
      break;
  }
  if (!found) return nullptr;
  selection.current_ = index;
  selection.tried_.push_back(index);
  ++selection.tries_;
  return &selection.endpoints[index];
}

// Retries reach the same endpoint (spec 3.4), in a subset any member.
std::uint32_t Balancer::choose_by_hash(const Selection& selection) {
  const route::HashRing& ring = ring_of(selection);
  const std::size_t node = ring.find(selection.key);
  if (selection.backend->algorithm == Algorithm::hash) return static_cast<std::uint32_t>(node);
  const auto size = static_cast<std::uint32_t>(selection.backend->hash.subset_size);
  return static_cast<std::uint32_t>(route::subset_member(node, below(size), selection.endpoints.size(), size));
}

bool Balancer::choose_balanced(Selection& selection, std::uint32_t& index) {
  const route::HashRing& ring = ring_of(selection);
  const auto renew = [&] {
    selection.session = make_session(selection.tries_, random());
    return static_cast<std::uint32_t>(ring.find(selection.session));
  };
  if (selection.tries_ == 0 || !selection.backend->affinity.change_on_failure) {
    if (selection.session.empty()) {
      index = renew();
      selection.new_session = true;
      return true;
    }
    index = static_cast<std::uint32_t>(ring.find(selection.session));
    return true;
  }
  for (int i = 0; i < kNewKeys; ++i) {
    index = renew();
    if (contains(selection.tried_, index)) continue;
    selection.new_session = true;
    return true;
  }
  return false;
}

bool Balancer::choose_persistent(Selection& selection, std::uint32_t& index) {
  const auto count = static_cast<std::uint32_t>(selection.endpoints.size());
  if (selection.tries_ > 0 && !selection.backend->affinity.change_on_failure) {
    index = selection.current_;
    return true;
  }
  if (selection.tries_ == 0) {
    index = find_key(selection);
    if (index < count) return true;
    index = below(count);
  } else {
    candidates_.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!contains(selection.tried_, i)) candidates_.push_back(i);
    }
    if (candidates_.empty()) return false;
    index = candidates_[below(static_cast<std::uint32_t>(candidates_.size()))];
  }
  selection.session = key_of(selection, index);
  selection.new_session = true;
  return true;
}

}  // namespace weir::upstream
