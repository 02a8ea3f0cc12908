// Canary Ingresses (spec 3.1): they offer alternative backends to rules of others, and make nothing of their own.
#include "model/host_table.h"
#include "model/ingress_rules.h"
#include "model/report.h"
#include "weir/base/ascii.h"

#include <utility>

namespace weir::model {

using base::Severity;

// One path of a canary Ingress, or its defaultBackend (no path: every location of the host).
struct HostTable::CanaryRule {
  const kube::IngressBackend* backend = nullptr;
  const kube::IngressPath* path = nullptr;
  BackendTable::Id id = 0;
};

// Upstream-scoped settings go by the first Ingress that refers to the backend, canaries included.
void HostTable::claim_canary(const AcceptedIngress& ingress) {
  const kube::Ingress& object = *ingress.object;
  if (const kube::IngressBackend* backend = default_backend_of(object)) {
    backends_.overwrite(backends_.refer(object.meta.ns, *backend), ingress);
  }
  for (const kube::IngressRule& rule : object.rules) {
    for (const kube::IngressPath& path : rule.paths) {
      if (names_service(path.backend)) backends_.claim(backends_.refer(object.meta.ns, path.backend), ingress);
    }
  }
}

void HostTable::attach_canary(const AcceptedPtr& ingress) {
  const kube::Ingress& object = *ingress->object;
  if (object.rules.empty()) {
    const kube::IngressBackend* backend = default_backend_of(object);
    if (backend == nullptr) return;
    attach_canary_rule(*ingress, drafts_.front(), {backend, nullptr, backends_.refer(object.meta.ns, *backend)});
    return;
  }
  for (const kube::IngressRule& rule : object.rules) {
    HostDraft* draft = &drafts_.front();
    if (!rule.host.empty()) {
      const auto found = by_name_.find(base::to_lower(rule.host));
      draft = found == by_name_.end() ? nullptr : found->second;
    }
    if (draft == nullptr) {
      diagnostics_.push_back(diagnostic(Severity::warning, "canary-without-primary", *ingress, "spec.rules.host",
                                        "no other Ingress serves host \"" + rule.host +
                                            "\": a canary makes no host of its own, its paths there answer 404"));
      continue;
    }
    for (const kube::IngressPath& path : rule.paths) {
      if (!names_service(path.backend)) continue;
      attach_canary_rule(*ingress, *draft, {&path.backend, &path, backends_.refer(object.meta.ns, path.backend)});
    }
  }
}

void HostTable::attach_canary_rule(const AcceptedIngress& ingress, HostDraft& draft, const CanaryRule& rule) {
  const std::string place =
      "host \"" + draft.host.name + "\"" + (rule.path ? " and path \"" + rule.path->path + "\"" : std::string());
  if (backends_.is_discarded(rule.id)) {
    diagnostics_.push_back(diagnostic(Severity::warning, "canary-without-primary", ingress, "spec.rules.paths",
                                      place + ": an earlier canary rule to Service " + rule.backend->service +
                                          " has no primary, so its later ones have no effect either"));
    return;
  }
  bool attached = false;
  for (std::size_t i = 0; i < draft.host.locations.size(); ++i) {  // in the order they were made
    const Location& location = draft.host.locations[i];
    const BackendTable::Id primary = draft.targets[i].backend;
    const bool same_rule =
        rule.path == nullptr || (location.path == rule.path->path && location.type == effective_type(*rule.path));
    if (primary == rule.id) {
      if (attached || same_rule) return;
      diagnostics_.push_back(diagnostic(Severity::warning, "canary-is-primary", ingress, "spec.rules.paths",
                                        place + ": Service " + rule.backend->service + " is the primary backend of \"" +
                                            location.path + "\" on this host, so it is nobody's canary here"));
      return;
    }
    if (!same_rule || primary == BackendTable::kDefault) continue;
    attach_canary_to(ingress, rule, place, primary);
    attached = true;
  }
  if (attached) return;
  backends_.discard(rule.id);
  diagnostics_.push_back(diagnostic(Severity::warning, "canary-without-primary", ingress, "spec.rules.paths",
                                    place + " is no rule of another Ingress with a backend: a canary needs the same "
                                            "host, path and pathType"));
}

void HostTable::attach_canary_to(const AcceptedIngress& ingress, const CanaryRule& rule, const std::string& place,
                                 BackendTable::Id primary) {
  if (!backends_.add_alternative(primary, rule.id, ingress.policies.affinity.canary_sticky)) {
    diagnostics_.push_back(diagnostic(Severity::warning, "canary-shadowed", ingress, "canary",
                                      place + ": the backend already has the canary of an older Ingress, only that one "
                                              "gets requests"));
  } else if (!backends_.is_canary(rule.id)) {
    diagnostics_.push_back(
        diagnostic(Severity::warning, "canary-settings-shadowed", ingress, "canary",
                   "an older Ingress without canary refers to Service " + rule.backend->service +
                       " too, so the canary rules of this one are not in force and the canary gets no requests"));
  }
  const kube::ObjectName service{ingress.object->meta.ns, rule.backend->service};
  if (state_.find<kube::Service>(service)) return;
  diagnostics_.push_back(
      diagnostic(severity_of_missing(state_.services, service.ns), "service-missing", ingress, "spec.rules.paths",
                 "Service " + kube::to_string(service) + " does not exist: all requests go to the primary backend"));
}

}  // namespace weir::model
