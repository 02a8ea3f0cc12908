#include "model/backend_table.h"

#include "model/endpoints.h"

#include <algorithm>
#include <utility>

namespace weir::model {
namespace {

std::string plain_name(const BackendKey& key) {
  if (key.errors) return "custom-default-backend-" + key.ns + "-" + key.service;
  return backend_name(key.ns, key.service, key.port.text());
}

std::string service_key(const BackendKey& key) {
  return kube::to_string(kube::ObjectName{key.ns, key.service});
}

}  // namespace

BackendEntry& BackendTable::entry(const BackendKey& key) {
  if (key.is_default()) return default_;
  const auto [found, is_new] = entries_.try_emplace(key);
  if (is_new) {
    found->second.key = key;
    by_service_[service_key(key)].push_back(&found->second);
  }
  return found->second;
}

const std::vector<BackendEntry*>& BackendTable::of_service(const kube::ObjectName& service) const {
  static const std::vector<BackendEntry*> none;
  const auto found = by_service_.find(kube::to_string(service));
  return found == by_service_.end() ? none : found->second;
}

void BackendTable::claim(const IngressPart& part) {
  for (const BackendClaim& claim : part.claims) entry(claim.key).claims.push_back({part.accepted, claim.overwrites});
}

void BackendTable::unclaim(const IngressPart& part) {
  for (const BackendClaim& claim : part.claims) {
    auto& claims = entry(claim.key).claims;
    const auto found = std::find_if(claims.begin(), claims.end(), [&](const BackendEntry::Claim& other) {
      return other.ingress == part.accepted && other.overwrites == claim.overwrites;
    });
    *found = std::move(claims.back());
    claims.pop_back();
  }
}

const AcceptedIngress* BackendTable::decider_of(const BackendEntry& entry) {
  const BackendEntry::Claim* decides = nullptr;
  for (const BackendEntry::Claim& claim : entry.claims) {
    if (decides == nullptr || (claim.overwrites && !decides->overwrites)) {
      decides = &claim;
      continue;
    }
    if (claim.overwrites != decides->overwrites) continue;
    const bool earlier = processed_before(claim.ingress->object->meta, decides->ingress->object->meta);
    if (earlier != claim.overwrites) decides = &claim;
  }
  return decides == nullptr ? nullptr : decides->ingress.get();
}

features::AffinityPolicy BackendTable::affinity_of(const BackendEntry& entry) {
  std::vector<const AcceptedIngress*> asking;
  for (const BackendEntry::Claim& claim : entry.claims) {
    const features::Policies& policies = claim.ingress->policies;
    const bool asks = policies.affinity.cookie || !policies.affinity.mode.empty();
    if (asks && !claim.overwrites && !policies.canary.enabled) asking.push_back(claim.ingress.get());
  }
  std::sort(asking.begin(), asking.end(), [](const AcceptedIngress* a, const AcceptedIngress* b) {
    return processed_before(a->object->meta, b->object->meta);
  });
  features::AffinityPolicy merged;
  for (const AcceptedIngress* ingress : asking) {
    const features::AffinityPolicy& affinity = ingress->policies.affinity;
    if (merged.mode.empty()) merged.mode = affinity.mode;
    if (!affinity.cookie) continue;
    std::string mode = std::move(merged.mode);
    merged = affinity;
    merged.mode = std::move(mode);
  }
  return merged;
}

void BackendTable::take_name(BackendEntry& entry, std::string name, std::vector<BackendEntry*>& renamed) {
  if (entry.name == name) return;
  if (!entry.name.empty()) by_name_.erase(entry.name);
  // No two entries share a name, whatever characters theirs are made of.
  while (!by_name_.try_emplace(name, &entry).second) name.push_back('/');
  entry.name = std::move(name);
  renamed.push_back(&entry);
}

// "a" + "b-c" and "a-b" + "c" give one name: the second must not be sent to the first one's endpoints. The first in
// order of namespace and Service keeps the name.
std::vector<BackendEntry*> BackendTable::settle_name(BackendEntry& entry) {
  std::vector<BackendEntry*> renamed;
  if (&entry == &default_) return renamed;
  const std::string plain = plain_name(entry.key);
  auto& group = by_plain_name_[plain];
  const auto before = [](const BackendEntry* a, const BackendEntry* b) { return a->key < b->key; };
  const auto at = std::lower_bound(group.begin(), group.end(), &entry, before);
  const bool is_known = at != group.end() && *at == &entry;
  if (is_known == entry.is_used()) return renamed;
  if (is_known) {
    group.erase(at);
    by_name_.erase(entry.name);
    entry.name.clear();
  } else {
    group.insert(at, &entry);
  }
  // From the last to the first, so that a name is free when it is taken.
  for (std::size_t i = group.size(); i-- > 0;) {
    const BackendKey& key = group[i]->key;
    const bool is_first = i == 0 && plain != kDefaultBackendName;
    take_name(*group[i], is_first ? plain : key.ns + '/' + key.service + '/' + key.port.text(), renamed);
  }
  if (group.empty()) by_plain_name_.erase(plain);
  return renamed;
}

void BackendTable::forget_if_unused(BackendEntry& entry) {
  if (&entry == &default_ || entry.is_used() || !entry.claims.empty()) return;
  const auto found = by_service_.find(service_key(entry.key));
  std::erase(found->second, &entry);
  if (found->second.empty()) by_service_.erase(found);
  entries_.erase(entry.key);
}

}  // namespace weir::model
