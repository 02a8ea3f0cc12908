#include "model/backend_table.h"

#include "model/report.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weir::model {

using base::Severity;

namespace {
constexpr BackendTable::Id kNoEntry = static_cast<BackendTable::Id>(-1);  // the default backend's name
}  // namespace

std::size_t BackendTable::KeyHash::operator()(const Key& key) const {
  const std::hash<std::string_view> hash;
  std::size_t value = hash(key.ns);
  value = value * 31 + hash(key.service);
  value = value * 31 + hash(key.port_name);
  return value * 31 + static_cast<std::size_t>(key.port_number);
}

BackendTable::BackendTable(const kube::ClusterState& state, const Options& options) : state_(state), options_(options) {
  names_.emplace(kDefaultBackendName, kNoEntry);
}

BackendTable::Id BackendTable::refer(const std::string& ns, const kube::IngressBackend& reference) {
  const kube::PortRef& port = reference.port;
  const Key key{ns, reference.service, port.name, port.name.empty() ? port.number : 0};
  const auto [found, is_new] = ids_.try_emplace(key, entries_.size());
  if (!is_new) return found->second;

  Entry entry;
  entry.port = port;
  entry.backend.ns = ns;
  entry.backend.service = reference.service;
  entry.backend.port = port.text();
  entry.backend.name = backend_name(ns, reference.service, entry.backend.port);
  // "a" + "b-c" and "a-b" + "c" give one name: the second must not be sent to the first one's endpoints.
  if (!names_.emplace(entry.backend.name, found->second).second) {
    const std::string unique = ns + '/' + reference.service + '/' + entry.backend.port;
    entry.backend.name = unique;
    for (int i = 2; !names_.emplace(entry.backend.name, found->second).second; ++i) {
      entry.backend.name = unique + '/' + std::to_string(i);
    }
  }
  entries_.push_back(std::move(entry));
  return found->second;
}

void BackendTable::use(const std::string& name) {
  const auto found = names_.find(name);
  if (found != names_.end() && found->second != kNoEntry) entries_[found->second].used = true;
}

void BackendTable::claim(Id id, const features::BalancePolicy& balance) {
  Entry& entry = entries_[id];
  if (entry.claimed) return;
  entry.claimed = true;
  entry.backend.balance = balance;
}

void BackendTable::overwrite(Id id, const features::BalancePolicy& balance) {
  entries_[id].claimed = true;
  entries_[id].backend.balance = balance;
}

std::string BackendTable::add_default_backend(const features::BalancePolicy& balance, base::Diagnostics& diagnostics) {
  if (!options_.default_backend_service) return {};
  const kube::ObjectName& name = *options_.default_backend_service;
  const auto service = state_.find<kube::Service>(name);
  const auto say = [&](std::string text) {
    diagnostics.push_back(diagnostic(Severity::warning, "default-backend-unusable", ref_of<kube::Service>(name), "",
                                     "--default-backend-service " + text + "; the built-in 404 answers instead"));
    return std::string();
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
  extra_.push_back(std::move(backend));
  return kDefaultBackendName;
}

std::vector<Backend> BackendTable::finish(base::Diagnostics& diagnostics) {
  SliceIndex slices(state_);
  std::vector<Backend> backends = std::move(extra_);
  backends.reserve(backends.size() + entries_.size());
  for (Entry& entry : entries_) {
    if (!entry.used) continue;
    Backend& backend = entry.backend;
    const auto service = state_.services.find({backend.ns, backend.service});
    resolve(service == state_.services.end() ? nullptr : service->second.get(), slices.of(backend.ns, backend.service),
            entry.port, backend.balance.service_upstream, options_, backend, diagnostics);
    backends.push_back(std::move(backend));
  }
  std::sort(backends.begin(), backends.end(), [](const Backend& a, const Backend& b) { return a.name < b.name; });
  return backends;
}

}  // namespace weir::model
