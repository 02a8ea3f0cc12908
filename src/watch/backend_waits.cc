#include "watch/backend_waits.h"

#include <utility>

namespace weir::watch {

std::set<kube::ObjectName> backends_of(const kube::Ingress& ingress) {
  std::set<kube::ObjectName> services;
  const auto add = [&](const kube::IngressBackend& backend) {
    if (!backend.is_resource && !backend.service.empty()) services.insert({ingress.meta.ns, backend.service});
  };
  if (ingress.default_backend) add(*ingress.default_backend);
  for (const kube::IngressRule& rule : ingress.rules) {
    for (const kube::IngressPath& path : rule.paths) add(path.backend);
  }
  return services;
}

void BackendWaits::set(const kube::ObjectName& ingress, std::set<kube::ObjectName> services) {
  const auto before = services_.find(ingress);
  if (before != services_.end()) {
    for (const kube::ObjectName& service : before->second) {
      const auto waiting = ingresses_.find(service);
      waiting->second.erase(ingress);
      if (waiting->second.empty()) ingresses_.erase(waiting);
    }
    services_.erase(before);
  }
  if (services.empty()) return;
  for (const kube::ObjectName& service : services) ingresses_[service].insert(ingress);
  services_.emplace(ingress, std::move(services));
}

std::set<kube::ObjectName> BackendWaits::waiting_for(const kube::ObjectName& service) const {
  const auto waiting = ingresses_.find(service);
  return waiting == ingresses_.end() ? std::set<kube::ObjectName>() : waiting->second;
}

}  // namespace weir::watch
