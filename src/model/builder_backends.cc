#include "model/builder_state.h"
#include "model/endpoints.h"
#include "model/report.h"

#include <algorithm>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

std::string topic_of(const char* what, const BackendKey& key) {
  return std::string("build/") + what + '/' + key.ns + '/' + key.service + '/' + key.port.name + '#' +
         std::to_string(key.port.number) + (key.errors ? "e" : "");
}

base::Diagnostic on_owner(const AcceptedSet& accepted, Severity severity, std::string code, const Owner& owner,
                          std::string key, std::string text) {
  const auto found = accepted.ingresses.find({owner.ns, owner.ingress});
  if (found != accepted.ingresses.end()) {
    return diagnostic(severity, std::move(code), *found->second, std::move(key), std::move(text));
  }
  return diagnostic(severity, std::move(code), {kube::Ingress::kKind, owner.ns, owner.ingress}, std::move(key),
                    std::move(text));
}

BackendPtr find_backend(const Model& model, const std::string& name) {
  const auto at = std::lower_bound(model.backends.begin(), model.backends.end(), name,
                                   [](const BackendPtr& entry, const std::string& text) { return entry->name < text; });
  return at != model.backends.end() && (*at)->name == name ? *at : nullptr;
}

}  // namespace

// --default-backend-service: its first port. Null: without ready endpoints the built-in 404 answers (spec 2.7).
BackendPtr Builder::State::make_default_backend(const kube::ClusterState& state, base::Diagnostics& diagnostics) const {
  const kube::ObjectName& name = *options.default_backend_service;
  const auto unusable = [&](const std::string& text) -> BackendPtr {
    diagnostics.push_back(diagnostic(Severity::warning, "default-backend-unusable", ref_of<kube::Service>(name), "",
                                     "--default-backend-service " + text + "; the built-in 404 answers instead"));
    return nullptr;
  };
  const auto service = state.find<kube::Service>(name);
  if (!service) return unusable("does not exist");

  Backend backend;
  backend.name = kDefaultBackendName;
  backend.ns = name.ns;
  backend.service = name.name;
  backend.balance = model.settings->defaults.balance;
  backend.balance.service_upstream = false;
  kube::PortRef port;
  if (!service->ports.empty()) {
    port.number = service->ports.front().number;
  } else if (service->type != "ExternalName") {
    return unusable("has no port");
  } else {
    port.number = 80;  // an ExternalName needs no ports
  }
  backend.port = port.text();
  resolve(service.get(), slices.of(name.ns, name.name), port, false, options, backend, diagnostics);
  if (backend.state != BackendState::ready) return unusable("has no ready endpoint");
  return std::make_shared<const Backend>(std::move(backend));
}

void Builder::State::resolve_default_backend(const Input& input, Work& work) {
  if (!options.default_backend_service) return;
  if (!input.changes.everything && !work.services.contains(*options.default_backend_service)) return;
  base::Diagnostics diagnostics;
  BackendPtr now = make_default_backend(input.state, diagnostics);
  input.book.set("build/default-backend", diagnostics);
  if (const BackendPtr before = find_backend(model, kDefaultBackendName); now && before && *before == *now)
    now = before;

  BackendEntry& entry = backends.default_backend();
  const std::string name = now ? kDefaultBackendName : "";
  if (entry.name != name) {
    for (const HostEntry* user : entry.users) (void)edit(*user, work);
  }
  entry.name = name;
  entry.backend = now;
  model.default_backend = name;
  work.changed_backends[kDefaultBackendName] = std::move(now);
}

void Builder::State::resolve_backends(const Input& input, Work& work) {
  for (BackendEntry* entry : work.backends) {
    const BackendKey& key = entry->key;
    if (key.is_default()) continue;
    base::Diagnostics diagnostics;
    if (!entry->is_used()) {
      entry->backend = nullptr;
      input.book.set(topic_of("backend", key), diagnostics);
      continue;
    }
    auto now = std::make_shared<Backend>();
    now->name = entry->name;
    now->ns = key.ns;
    now->service = key.service;
    const auto service = input.state.find<kube::Service>({key.ns, key.service});
    kube::PortRef port = key.port;
    // An ExternalName needs no ports.
    if (key.errors) port.number = service && !service->ports.empty() ? service->ports.front().number : 80;
    now->port = port.text();
    if (const AcceptedIngress* decider = BackendTable::decider_of(*entry)) {
      now->balance = decider->policies.balance;
      now->hash = decider->policies.hash;
      now->canary = decider->policies.canary;
      if (now->canary.enabled) now->canary_owner = decider->object->meta.object_name();
    }
    now->affinity = entry->sticky ? *entry->sticky : BackendTable::affinity_of(*entry);
    for (const BackendEntry* alternative : entry->alternatives) now->alternatives.push_back(alternative->name);
    resolve(service.get(), slices.of(key.ns, key.service), port, now->balance.service_upstream, options, *now,
            diagnostics);
    input.book.set(topic_of("backend", key), diagnostics);
    const bool is_missing = now->state == BackendState::no_service;
    if (is_missing || entry->told_missing) work.missing.insert(entry);
    const BackendPtr before = find_backend(model, entry->name);
    entry->backend = before && *before == *now ? before : BackendPtr(std::move(now));
    if (entry->backend != before || work.changed_backends.contains(entry->name)) {
      work.changed_backends[entry->name] = entry->backend;
    }
  }
}

// Once for each Ingress and backend, however many paths lead there.
void Builder::State::tell_missing_services(const Input& input, Work& work) {
  for (BackendEntry* entry : work.missing) {
    base::Diagnostics told;
    if (entry->backend && entry->backend->state == BackendState::no_service) {
      for (const HostEntry* user : entry->users) {
        for (std::size_t i = 0; i < user->targets.size(); ++i) {
          if (user->targets[i].backend != entry) continue;
          const Owner& owner = user->host->locations[i].owner;
          told.push_back(
              on_owner(input.accepted, severity_of_missing(input.state.services, owner.ns), "service-missing", owner,
                       "spec.rules.paths",
                       "Service " + owner.ns + "/" + owner.service + " does not exist: its paths answer 503"));
        }
      }
    }
    if (told.empty() && !entry->told_missing) continue;
    entry->told_missing = !told.empty();
    input.book.set(topic_of("missing", entry->key), told);
  }
}

}  // namespace weir::model
