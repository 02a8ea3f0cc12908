#include "model/ingress_part.h"

#include "model/credentials.h"
#include "model/gates.h"
#include "model/ingress_rules.h"
#include "model/report.h"
#include "model/tls_secrets.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace weir::model {

using base::Severity;

BackendKey BackendKey::of(const std::string& ns, const kube::IngressBackend& reference) {
  BackendKey key{ns, reference.service, reference.port};
  if (!key.port.name.empty()) key.port.number = 0;
  return key;
}

std::strong_ordering BackendKey::operator<=>(const BackendKey& other) const {
  return std::tie(ns, service, errors, port.name, port.number) <=>
         std::tie(other.ns, other.service, other.errors, other.port.name, other.port.number);
}

std::optional<std::string> host_name_of(const kube::IngressRule& rule) {
  if (rule.host.empty()) return kCatchAll;
  std::string name = base::to_lower(rule.host);
  if (!is_rule_host(name)) return std::nullopt;
  return name;
}

IngressPart part_of(const AcceptedPtr& ingress) {
  IngressPart part;
  part.accepted = ingress;
  // Spec 3.1: never a host or a path of its own.
  const bool is_canary = ingress->policies.canary.enabled;
  const kube::Ingress& object = *ingress->object;
  const kube::IngressBackend* default_backend = default_backend_of(object);
  part.only_default_backend = !is_canary && object.rules.empty() && object.default_backend.has_value();
  if (default_backend != nullptr) part.claims.push_back({BackendKey::of(object.meta.ns, *default_backend), true});
  for (const kube::IngressRule& rule : object.rules) {
    if (!is_canary) {
      auto host = host_name_of(rule);
      if (!host) continue;
      part.hosts.push_back(std::move(*host));
    }
    for (const kube::IngressPath& path : rule.paths) {
      if (names_service(path.backend)) part.claims.push_back({BackendKey::of(object.meta.ns, path.backend), false});
    }
  }
  if (part.only_default_backend) part.hosts.emplace_back(kCatchAll);
  std::sort(part.hosts.begin(), part.hosts.end());
  part.hosts.erase(std::unique(part.hosts.begin(), part.hosts.end()), part.hosts.end());
  const auto by_key = [](const BackendClaim& a, const BackendClaim& b) {
    return std::tie(a.key, b.overwrites) < std::tie(b.key, a.overwrites);
  };
  const auto same = [](const BackendClaim& a, const BackendClaim& b) {
    return a.key == b.key && a.overwrites == b.overwrites;
  };
  std::sort(part.claims.begin(), part.claims.end(), by_key);
  part.claims.erase(std::unique(part.claims.begin(), part.claims.end(), same), part.claims.end());
  if (is_canary) return part;
  const std::string& errors = ingress->policies.custom_errors.default_backend;
  if (!errors.empty()) part.services.push_back({object.meta.ns, errors});
  for (const kube::IngressTls& tls : object.tls) {
    if (!tls.secret.empty()) part.secrets.push_back({object.meta.ns, tls.secret});
  }
  if (auto credentials = credentials_secret(*ingress)) part.secrets.push_back(std::move(*credentials));
  for (kube::ObjectName& secret : tls_secrets(*ingress)) part.secrets.push_back(std::move(secret));
  std::sort(part.secrets.begin(), part.secrets.end());
  part.secrets.erase(std::unique(part.secrets.begin(), part.secrets.end()), part.secrets.end());
  return part;
}

base::Diagnostics problems_of(const IngressPart& part, const kube::ClusterState& state) {
  const AcceptedIngress& ingress = *part.accepted;
  const kube::Ingress& object = *ingress.object;
  base::Diagnostics problems;
  if (ingress.policies.canary.enabled) return problems;
  for (const kube::ObjectName& service : part.services) {
    if (state.services.contains(service)) continue;
    problems.push_back(diagnostic(
        severity_of_missing(state.services, service.ns), "error-backend-missing", ingress, "default-backend",
        "Service " + kube::to_string(service) + " does not exist: the default backend serves errors, and nothing " +
            "stands in for missing endpoints"));
  }
  if (part.only_default_backend && default_backend_of(object) == nullptr) {
    problems.push_back(diagnostic(Severity::warning, "backend-resource", ingress, "spec.defaultBackend",
                                  "only backends of kind Service are served"));
  }
  for (const kube::IngressRule& rule : object.rules) {
    if (host_name_of(rule)) continue;
    problems.push_back(diagnostic(Severity::error, "host-invalid", ingress, "spec.rules.host",
                                  "\"" + rule.host + "\" is no host name (letters, digits, '-' and '.', a " +
                                      "leading \"*.\" at most, no IP address); its paths are not served"));
  }
  for (const kube::IngressTls& tls : object.tls) {
    const kube::ObjectName secret{object.meta.ns, tls.secret};
    if (tls.secret.empty() || state.secrets.contains(secret)) continue;
    problems.push_back(
        diagnostic(severity_of_missing(state.secrets, object.meta.ns), "tls-secret-missing", ingress, "spec.tls",
                   "Secret " + kube::to_string(secret) + " does not exist: the default certificate is used"));
  }
  return problems;
}

}  // namespace weir::model
