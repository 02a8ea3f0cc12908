#include "model/backend_table.h"

#include "model/alongside.h"
#include "model/report.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace weir::model {

using base::Severity;

std::size_t BackendTable::KeyHash::operator()(const Key& key) const {
  const std::hash<std::string_view> hash;
  std::size_t value = hash(key.ns);
  value = value * 31 + hash(key.service);
  value = value * 31 + hash(key.port_name);
  return value * 31 + static_cast<std::size_t>(key.port_number);
}

BackendTable::BackendTable(const kube::ClusterState& state, const Options& options) : state_(state), options_(options) {
  ids_.reserve(state.services.size());
}

BackendTable::Id BackendTable::refer(const std::string& ns, const kube::IngressBackend& reference) {
  const kube::PortRef& port = reference.port;
  const Key key{ns, reference.service, port.name, port.name.empty() ? port.number : 0};
  const auto [found, is_new] = ids_.try_emplace(key, entries_.size());
  if (!is_new) return found->second;

  Entry& entry = entries_.emplace_back();
  entry.port = port;
  entry.backend.ns = ns;
  entry.backend.service = reference.service;
  entry.backend.port = port.text();
  return found->second;
}

BackendTable::Id BackendTable::refer_error_backend(const kube::Service& service) {
  const auto [found, is_new] = error_backends_.try_emplace(service.meta.object_name(), entries_.size());
  if (!is_new) return found->second;
  Entry& entry = entries_.emplace_back();
  entry.serves_errors = true;
  entry.port.number = service.ports.empty() ? 80 : service.ports.front().number;  // an ExternalName needs no ports
  entry.backend.ns = service.meta.ns;
  entry.backend.service = service.meta.name;
  entry.backend.port = entry.port.text();
  return found->second;
}

void BackendTable::claim(Id id, const AcceptedIngress& ingress) {
  if (!entries_[id].claimed) overwrite(id, ingress);
}

void BackendTable::overwrite(Id id, const AcceptedIngress& ingress) {
  const features::Policies& policies = ingress.policies;
  Entry& entry = entries_[id];
  entry.claimed = true;
  entry.backend.balance = policies.balance;
  entry.backend.hash = policies.hash;
  entry.backend.canary = policies.canary;
  entry.backend.canary_owner = policies.canary.enabled ? ingress.object->meta.object_name() : kube::ObjectName{};
}

void BackendTable::merge_affinity(Id id, const features::AffinityPolicy& affinity) {
  features::AffinityPolicy& merged = entries_[id].backend.affinity;
  if (merged.mode.empty()) merged.mode = affinity.mode;
  if (!affinity.cookie) return;
  std::string mode = std::move(merged.mode);
  merged = affinity;
  merged.mode = std::move(mode);
}

bool BackendTable::add_alternative(Id primary, Id canary, bool sticky) {
  std::vector<Id>& alternatives = entries_[primary].alternatives;
  if (sticky) entries_[canary].backend.affinity = entries_[primary].backend.affinity;
  if (std::find(alternatives.begin(), alternatives.end(), canary) == alternatives.end()) alternatives.push_back(canary);
  return alternatives.front() == canary;
}

void BackendTable::use(Id id) {
  if (id == kDefault) return;
  entries_[id].used = true;
  for (const Id alternative : entries_[id].alternatives) entries_[alternative].used = true;
}

void BackendTable::add_default_backend(const features::BalancePolicy& balance, base::Diagnostics& diagnostics) {
  if (!options_.default_backend_service) return;
  const kube::ObjectName& name = *options_.default_backend_service;
  const auto service = state_.find<kube::Service>(name);
  const auto say = [&](const char* text) {
    diagnostics.push_back(
        diagnostic(Severity::warning, "default-backend-unusable", ref_of<kube::Service>(name), "",
                   std::string("--default-backend-service ") + text + "; the built-in 404 answers instead"));
  };
  if (!service) return say("does not exist");

  Backend backend;
  backend.name = kDefaultBackendName;
  backend.ns = name.ns;
  backend.service = name.name;
  backend.balance = balance;
  backend.balance.service_upstream = false;
  kube::PortRef port;
  if (!service->ports.empty()) {
    port.number = service->ports.front().number;
  } else if (service->type != "ExternalName") {
    return say("has no port");
  } else {
    port.number = 80;  // an ExternalName needs no ports
  }
  backend.port = port.text();
  resolve(service.get(), slices_of(state_, name.ns, name.name), port, false, options_, backend, diagnostics);
  if (backend.state != BackendState::ready) return say("has no ready endpoint");
  default_name_ = kDefaultBackendName;
  default_.push_back(std::move(backend));
}

// "a" + "b-c" and "a-b" + "c" give one name: the second must not be sent to the first one's endpoints. The one that was
// referred to first keeps the name.
void BackendTable::settle_names() {
  for (Entry& entry : entries_) {
    if (!entry.used) continue;
    entry.backend.name = entry.serves_errors
                             ? "custom-default-backend-" + entry.backend.ns + "-" + entry.backend.service
                             : backend_name(entry.backend.ns, entry.backend.service, entry.backend.port);
    used_.push_back(&entry);
  }
  const auto by_name = [](const Entry* a, const Entry* b) { return a->backend.name < b->backend.name; };
  std::stable_sort(used_.begin(), used_.end(), by_name);
  std::vector<Entry*> doubles;
  for (std::size_t i = 0; i < used_.size(); ++i) {
    const std::string& name = used_[i]->backend.name;
    const bool is_double = name == kDefaultBackendName || (i > 0 && name == used_[i - 1]->backend.name);
    if (is_double) doubles.push_back(used_[i]);
  }
  if (doubles.empty()) return;
  std::set<std::string> taken;
  for (const Entry* entry : used_) taken.insert(entry->backend.name);
  for (Entry* entry : doubles) {
    const Backend& backend = entry->backend;
    const std::string unique = backend.ns + '/' + backend.service + '/' + backend.port;
    std::string name = unique;
    for (int i = 2; !taken.insert(name).second; ++i) name = unique + '/' + std::to_string(i);
    entry->backend.name = std::move(name);
  }
  std::sort(used_.begin(), used_.end(), by_name);
}

std::vector<Backend> BackendTable::finish(base::Diagnostics& diagnostics) {
  std::vector<Entry*> by_service = used_;
  std::sort(by_service.begin(), by_service.end(), [](const Entry* a, const Entry* b) {
    return std::tie(a->backend.ns, a->backend.service, a->backend.port) <
           std::tie(b->backend.ns, b->backend.service, b->backend.port);
  });
  SliceIndex slices(state_);
  Alongside services(state_.services);
  for (Entry* entry : by_service) {
    Backend& backend = entry->backend;
    const auto* service = services.find({backend.ns, backend.service});
    resolve(service == nullptr ? nullptr : service->get(), slices.of(backend.ns, backend.service), entry->port,
            backend.balance.service_upstream, options_, backend, diagnostics);
  }

  for (Entry* entry : used_) {
    for (const Id alternative : entry->alternatives) entry->backend.alternatives.push_back(name(alternative));
  }

  std::vector<Backend> backends = std::move(default_);
  backends.reserve(backends.size() + used_.size());
  const std::size_t first = backends.size();
  for (Entry* entry : used_) backends.push_back(std::move(entry->backend));
  if (first != 0) {
    std::inplace_merge(backends.begin(), backends.begin() + static_cast<std::ptrdiff_t>(first), backends.end(),
                       [](const Backend& a, const Backend& b) { return a.name < b.name; });
  }
  return backends;
}

}  // namespace weir::model
