#include "model/canaries.h"

#include "model/ingress_rules.h"
#include "model/report.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

// One path of a canary Ingress, or its defaultBackend (no path: every location of the host).
struct Rule {
  const kube::IngressBackend* backend = nullptr;
  const kube::IngressPath* path = nullptr;
  BackendEntry* entry = nullptr;
};

class Attaching {
 public:
  Attaching(BackendTable& backends, const std::function<CanaryHost(const std::string&)>& find_host,
            const kube::ClusterState& state, Canaries& result)
      : backends_(backends), find_host_(find_host), state_(state), result_(result) {}

  void attach(const AcceptedIngress& ingress);

 private:
  void attach_rule(const AcceptedIngress& ingress, const CanaryHost& host, const Rule& rule);
  void attach_to(const AcceptedIngress& ingress, const Rule& rule, const std::string& place, const Location& location,
                 BackendEntry& primary);
  void tell_if_lost(const AcceptedIngress& ingress, const Rule& rule, const std::string& place,
                    const Location& location, const BackendEntry& front);
  void tell_settings_lost(const AcceptedIngress& ingress, const Rule& rule);
  void say(const char* code, const AcceptedIngress& ingress, std::string key, std::string text,
           Severity severity = Severity::warning) {
    result_.diagnostics.push_back(diagnostic(severity, code, ingress, std::move(key), std::move(text)));
  }
  Rule rule_of(const kube::Ingress& object, const kube::IngressBackend& backend, const kube::IngressPath* path) {
    return {&backend, path, &backends_.entry(BackendKey::of(object.meta.ns, backend))};
  }
  features::AffinityPolicy affinity_of(BackendEntry& entry) const {
    const auto sticky = result_.sticky.find(&entry);
    return sticky == result_.sticky.end() ? BackendTable::affinity_of(entry) : sticky->second;
  }

  BackendTable& backends_;
  const std::function<CanaryHost(const std::string&)>& find_host_;
  const kube::ClusterState& state_;
  Canaries& result_;
  std::set<BackendEntry*> discarded_;  // a rule to it found no primary; later rules to it are void (spec 3.1 (3))
  std::map<std::pair<const Location*, BackendEntry*>, const AcceptedIngress*> firsts_;  // who made it a canary there
  std::set<std::pair<const AcceptedIngress*, BackendEntry*>> told_;                     // that its settings lost
};

void Attaching::attach(const AcceptedIngress& ingress) {
  const kube::Ingress& object = *ingress.object;
  if (object.rules.empty()) {
    const kube::IngressBackend* backend = default_backend_of(object);
    if (backend != nullptr) attach_rule(ingress, find_host_(kCatchAll), rule_of(object, *backend, nullptr));
    return;
  }
  for (const kube::IngressRule& rule : object.rules) {
    const CanaryHost host = find_host_(rule.host.empty() ? std::string(kCatchAll) : base::to_lower(rule.host));
    if (host.entry == nullptr) {
      say("canary-without-primary", ingress, "spec.rules.host",
          "no other Ingress serves host \"" + rule.host +
              "\": a canary makes no host of its own, its paths there answer 404");
      continue;
    }
    for (const kube::IngressPath& path : rule.paths) {
      if (names_service(path.backend)) attach_rule(ingress, host, rule_of(object, path.backend, &path));
    }
  }
}

void Attaching::attach_rule(const AcceptedIngress& ingress, const CanaryHost& host, const Rule& rule) {
  const std::string place =
      "host \"" + host.entry->name + "\"" + (rule.path ? " and path \"" + rule.path->path + "\"" : std::string());
  if (discarded_.contains(rule.entry)) {
    return say("canary-without-primary", ingress, "spec.rules.paths",
               place + ": an earlier canary rule to Service " + rule.backend->service +
                   " has no primary, so its later ones have no effect either");
  }
  bool attached = false;
  for (const std::size_t i : host.entry->made) {
    const Location& location = host.host->locations[i];
    BackendEntry* primary = host.entry->targets[i].backend;
    const bool same_rule =
        rule.path == nullptr || (location.path == rule.path->path && location.type == effective_type(*rule.path));
    if (primary == rule.entry) {
      if (attached) return;
      if (same_rule) {  // so may one look that waits for its next rollout
        return say("canary-is-primary", ingress, "spec.rules.paths",
                   place + ": Service " + rule.backend->service + " is the primary backend there, nothing is divided",
                   Severity::info);
      }
      return say("canary-is-primary", ingress, "spec.rules.paths",
                 place + ": Service " + rule.backend->service + " is the primary backend of \"" + location.path +
                     "\" on this host, so it is nobody's canary here");
    }
    if (!same_rule || primary == &backends_.default_backend()) continue;
    attach_to(ingress, rule, place, location, *primary);
    attached = true;
  }
  if (attached) return;
  discarded_.insert(rule.entry);
  say("canary-without-primary", ingress, "spec.rules.paths",
      place + " is no rule of another Ingress with a backend: a canary needs the same host, path and pathType");
}

void Attaching::attach_to(const AcceptedIngress& ingress, const Rule& rule, const std::string& place,
                          const Location& location, BackendEntry& primary) {
  std::vector<BackendEntry*>& alternatives = result_.alternatives[&primary];
  if (std::find(alternatives.begin(), alternatives.end(), rule.entry) == alternatives.end()) {
    alternatives.push_back(rule.entry);
    // Its sessions stick too, unless the Ingress that attaches it says "legacy".
    if (ingress.policies.affinity.canary_sticky) result_.sticky[rule.entry] = affinity_of(primary);
  }
  tell_if_lost(ingress, rule, place, location, *alternatives.front());
  const kube::ObjectName service{ingress.object->meta.ns, rule.backend->service};
  if (state_.services.contains(service)) return;
  result_.diagnostics.push_back(
      diagnostic(severity_of_missing(state_.services, service.ns), "service-missing", ingress, "spec.rules.paths",
                 "Service " + kube::to_string(service) + " does not exist: all requests go to the primary backend"));
}

void Attaching::tell_if_lost(const AcceptedIngress& ingress, const Rule& rule, const std::string& place,
                             const Location& location, const BackendEntry& front) {
  const AcceptedIngress* first = firsts_.try_emplace({&location, rule.entry}, &ingress).first->second;
  if (&front != rule.entry) {
    say("canary-shadowed", ingress, "canary",
        place + ": the backend already has the canary of an older Ingress, only that one gets requests");
  } else if (first != &ingress) {
    say("canary-shadowed", ingress, "canary",
        place + ": ingress " + kube::to_string(first->object->meta.object_name()) +
            ", which is older, already makes Service " + rule.backend->service +
            " the canary there; the rule and the settings of this one have no effect");
  } else if (told_.emplace(&ingress, rule.entry).second) {
    tell_settings_lost(ingress, rule);
  }
}

// Those of a backend are the ones of a single Ingress (spec 3.1 (6)).
void Attaching::tell_settings_lost(const AcceptedIngress& ingress, const Rule& rule) {
  const AcceptedIngress* decider = BackendTable::decider_of(*rule.entry);
  if (decider == nullptr || !decider->policies.canary.enabled) {
    say("canary-settings-shadowed", ingress, "canary",
        "an older Ingress without canary refers to Service " + rule.backend->service +
            " too, so the canary rules of this one are not in force and the canary gets no requests");
  } else if (decider != &ingress && decider->policies.canary != ingress.policies.canary) {
    say("canary-settings-shadowed", ingress, "canary",
        "the canary rules of ingress " + kube::to_string(decider->object->meta.object_name()) +
            ", which has the same canary Service " + rule.backend->service +
            ", are in force, those of this one are not");
  }
}

}  // namespace

Canaries attach_canaries(const std::vector<AcceptedPtr>& ingresses, BackendTable& backends,
                         const std::function<CanaryHost(const std::string&)>& find_host,
                         const kube::ClusterState& state) {
  Canaries result;
  Attaching attaching(backends, find_host, state, result);
  for (const AcceptedPtr& ingress : ingresses) attaching.attach(*ingress);
  return result;
}

}  // namespace weir::model
