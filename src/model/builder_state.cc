#include "model/builder_state.h"

#include "model/header_maps.h"

#include "model/canaries.h"
#include "model/host_names.h"
#include "model/port_services.h"
#include "model/report.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

// Brings `known` in line with whether there are objects in the namespaces of `names`. Returns the namespaces where that
// changed.
template <class T>
std::set<std::string> update_namespaces(const kube::Objects<T>& objects, const std::set<kube::ObjectName>& names,
                                        std::set<std::string>& known) {
  std::set<std::string> changed;
  for (const kube::ObjectName& name : names) {
    const auto first = objects.lower_bound({name.ns, ""});
    const bool has = first != objects.end() && first->first.ns == name.ns;
    if (has == known.contains(name.ns)) continue;
    if (has) {
      known.insert(name.ns);
    } else {
      known.erase(name.ns);
    }
    changed.insert(name.ns);
  }
  return changed;
}

template <class T>
std::set<std::string> namespaces_of(const kube::Objects<T>& objects) {
  std::set<std::string> all;
  for (const auto& entry : objects) all.insert(all.end(), entry.first.ns);
  return all;
}

// Replaces, adds and removes (null) entries of a vector sorted by name.
template <class Ptr>
void patch(std::vector<Ptr>& sorted, std::map<std::string, Ptr>& changed) {
  const auto before = [](const Ptr& entry, const std::string& name) { return entry->name < name; };
  std::vector<Ptr> next;
  bool is_rebuilt = false;  // `next` holds what stands before `done`; until then replacing is all there is to do
  auto done = sorted.begin();
  for (auto& [name, value] : changed) {
    const auto at = std::lower_bound(done, sorted.end(), name, before);
    const bool is_known = at != sorted.end() && (*at)->name == name;
    if (!is_rebuilt && is_known && value) {
      *at = std::move(value);
      done = at + 1;
      continue;
    }
    if (!is_known && !value) continue;
    if (!is_rebuilt) {
      is_rebuilt = true;
      next.reserve(sorted.size() + changed.size());
      done = sorted.begin();
    }
    std::move(done, at, std::back_inserter(next));
    if (value) next.push_back(std::move(value));
    done = is_known ? at + 1 : at;
  }
  if (!is_rebuilt) return;
  std::move(done, sorted.end(), std::back_inserter(next));
  sorted = std::move(next);
}

template <class Ptr>
Ptr find_by_name(const std::vector<Ptr>& sorted, const std::string& name) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), name,
                                   [](const Ptr& entry, const std::string& text) { return entry->name < text; });
  return at != sorted.end() && (*at)->name == name ? *at : nullptr;
}

std::string topic_of(const HostEntry& entry) {
  return "build/host/" + entry.name;
}

template <class Key, class Map>
void drop_empty(Map& map, const Key& key) {
  const auto found = map.find(key);
  if (found != map.end() && found->second.empty()) map.erase(found);
}

}  // namespace

void Builder::State::update(const Input& given) {
  // Headers out of ConfigMaps can be those of any location.
  static const kube::Changes everything = kube::Changes::all();
  const bool afresh = touches_header_maps(given.accepted, given.changes);
  const Input input{given.accepted, given.state, afresh ? everything : given.changes, given.book};
  Work work;
  if (input.changes.everything) start_over(input, work);
  take_ingresses(input, work);
  take_secrets(input, work);
  take_services(input, work);
  tell_problems(input, work);
  merge_hosts(input, work);
  attach_canaries(input, work);
  resolve_default_backend(input, work);
  settle_backend_names(work);
  settle_host_names(input.book, work);
  finish_hosts(work);
  resolve_backends(input, work);
  tell_missing_services(input, work);
  find_default_certificate(input);
  resolve_port_services(input, work);
  patch(model.hosts, work.changed_hosts);
  patch(model.backends, work.changed_backends);
  for (BackendEntry* entry : work.backends) backends.forget_if_unused(*entry);
}

// The model stays: what comes out equal keeps its address, and the rest goes.
void Builder::State::start_over(const Input& input, Work& work) {
  for (const HostPtr& host : model.hosts) work.changed_hosts[host->name] = nullptr;
  for (const BackendPtr& backend : model.backends) work.changed_backends[backend->name] = nullptr;
  const auto settings = input.accepted.settings
                            ? input.accepted.settings
                            : std::make_shared<features::SettingsResult>(features::read_settings({}, {}));
  base::Diagnostics about_maps;
  model.settings = with_header_maps({settings, &settings->settings}, input.state, about_maps);
  parts.clear();
  hosts.clear();
  special_hosts.clear();
  redirects.clear();
  backends = {};
  unsettled.clear();
  secret_users.clear();
  service_users.clear();
  canaries.clear();
  canary_primaries.clear();
  canary_backends.clear();
  service_namespaces = namespaces_of(input.state.services);
  secret_namespaces = namespaces_of(input.state.secrets);
  input.book.clear("build/");
  input.book.set("build/header-maps", about_maps);
}

void Builder::State::take_ingresses(const Input& input, Work& work) {
  (void)host_entry(kCatchAll, work);
  const auto take = [&](const kube::ObjectName& name, const AcceptedPtr& ingress) {
    remove_part(name, work);
    if (ingress) add_part(ingress, work);
    work.ingresses.insert(name);
  };
  if (input.changes.everything) {
    for (const auto& [name, ingress] : input.accepted.ingresses) take(name, ingress);
    return;
  }
  for (const kube::ObjectName& name : input.changes.ingresses) {
    const auto found = input.accepted.ingresses.find(name);
    take(name, found == input.accepted.ingresses.end() ? nullptr : found->second);
  }
}

HostEntry& Builder::State::host_entry(const std::string& name, Work& work) {
  const auto [found, is_new] = hosts.try_emplace(name);
  if (is_new) {
    found->second.name = name;
    work.hosts.insert(name);
    work.host_names_changed = true;
  }
  return found->second;
}

void Builder::State::remove_part(const kube::ObjectName& name, Work& work) {
  const auto found = parts.find(name);
  if (found == parts.end()) return;
  const IngressPart& part = found->second;
  for (const std::string& host : part.hosts) {
    std::erase(hosts.at(host).ingresses, part.accepted);
    work.hosts.insert(host);
  }
  backends.unclaim(part);
  for (const BackendClaim& claim : part.claims) work.backends.insert(&backends.entry(claim.key));
  for (const kube::ObjectName& secret : part.secrets) {
    secret_users[secret].erase(name);
    drop_empty(secret_users, secret);
  }
  for (const kube::ObjectName& service : part.services) {
    service_users[service].erase(name);
    drop_empty(service_users, service);
  }
  if (part.accepted->policies.canary.enabled) std::erase(canaries, part.accepted);
  parts.erase(found);
}

void Builder::State::add_part(const AcceptedPtr& ingress, Work& work) {
  const kube::ObjectName name = ingress->object->meta.object_name();
  const IngressPart& part = parts.emplace(name, part_of(ingress)).first->second;
  const auto before = [](const AcceptedPtr& a, const AcceptedPtr& b) {
    return processed_before(a->object->meta, b->object->meta);
  };
  for (const std::string& host : part.hosts) {
    auto& ingresses = host_entry(host, work).ingresses;
    ingresses.insert(std::lower_bound(ingresses.begin(), ingresses.end(), ingress, before), ingress);
    work.hosts.insert(host);
  }
  backends.claim(part);
  for (const BackendClaim& claim : part.claims) work.backends.insert(&backends.entry(claim.key));
  for (const kube::ObjectName& secret : part.secrets) secret_users[secret].insert(name);
  for (const kube::ObjectName& service : part.services) service_users[service].insert(name);
  if (ingress->policies.canary.enabled) {
    canaries.insert(std::lower_bound(canaries.begin(), canaries.end(), ingress, before), ingress);
  }
}

void Builder::State::take_secrets(const Input& input, Work& work) {
  for (const kube::ObjectName& secret : input.changes.secrets) {
    const auto users = secret_users.find(secret);
    if (users == secret_users.end()) continue;
    for (const kube::ObjectName& name : users->second) {
      work.ingresses.insert(name);
      for (const std::string& host : parts.at(name).hosts) work.hosts.insert(host);
    }
  }
  for (const std::string& ns : update_namespaces(input.state.secrets, input.changes.secrets, secret_namespaces)) {
    for (auto it = parts.lower_bound({ns, ""}); it != parts.end() && it->first.ns == ns; ++it) {
      work.ingresses.insert(it->first);
    }
  }
}

void Builder::State::take_services(const Input& input, Work& work) {
  work.services = slices.update(input.state, input.changes);
  work.services.insert(input.changes.services.begin(), input.changes.services.end());
  for (const kube::ObjectName& service : work.services) {
    for (BackendEntry* entry : backends.of_service(service)) work.backends.insert(entry);
  }
  for (const kube::ObjectName& service : input.changes.services) {
    const auto users = service_users.find(service);
    if (users == service_users.end()) continue;
    for (const kube::ObjectName& name : users->second) {
      work.ingresses.insert(name);
      for (const std::string& host : parts.at(name).hosts) work.hosts.insert(host);
    }
  }
  for (const std::string& ns : update_namespaces(input.state.services, input.changes.services, service_namespaces)) {
    auto& entries = backends.entries();
    for (auto it = entries.lower_bound(BackendKey{ns, "", {}, false}); it != entries.end() && it->first.ns == ns;
         ++it) {
      if (it->second.told_missing) work.missing.insert(&it->second);
    }
    for (auto it = parts.lower_bound({ns, ""}); it != parts.end() && it->first.ns == ns; ++it) {
      if (!it->second.services.empty()) work.ingresses.insert(it->first);
    }
  }
}

void Builder::State::tell_problems(const Input& input, const Work& work) {
  for (const kube::ObjectName& name : work.ingresses) {
    const auto part = parts.find(name);
    input.book.set("build/ingress/" + kube::to_string(name),
                   part == parts.end() ? base::Diagnostics{} : problems_of(part->second, input.state));
  }
}

void Builder::State::merge_hosts(const Input& input, Work& work) {
  const MergeInput merge_input{input.accepted, input.state, options, *model.settings};
  for (const std::string& name : work.hosts) {
    HostEntry& entry = hosts.at(name);
    if (!entry.ingresses.empty() || name == kCatchAll) {
      merge(entry, merge_input, input.book, work);
      continue;
    }
    set_targets(entry, {}, work);
    if (entry.has_diagnostics) input.book.set(topic_of(entry), {});
    special_hosts.erase(name);
    work.host_names_changed = true;
    work.changed_hosts[name] = nullptr;
    hosts.erase(name);
  }
}

void Builder::State::merge(HostEntry& entry, const MergeInput& merge_input, base::DiagnosticBook& book, Work& work) {
  const bool was_special = entry.is_special();
  HostDraft draft = merge_host(entry.name, entry.ingresses, merge_input);
  std::vector<Targets> targets;
  targets.reserve(draft.targets.size());
  for (const TargetKeys& keys : draft.targets) {
    targets.push_back({&backends.entry(keys.backend), keys.errors ? &backends.entry(*keys.errors) : nullptr});
  }
  set_targets(entry, std::move(targets), work);
  entry.made = std::move(draft.made);

  entry.alias_owner = std::move(draft.alias_owner);
  entry.www_owner = std::move(draft.www_owner);
  entry.aliases = draft.host.aliases;
  if (entry.is_special()) {
    special_hosts.insert(entry.name);
  } else {
    special_hosts.erase(entry.name);
  }
  work.host_names_changed = work.host_names_changed || was_special || entry.is_special();
  if (entry.has_diagnostics || !draft.diagnostics.empty()) book.set(topic_of(entry), draft.diagnostics);
  entry.has_diagnostics = !draft.diagnostics.empty();
  work.edited[entry.name] = std::make_shared<Host>(std::move(draft.host));
}

void Builder::State::set_targets(HostEntry& entry, std::vector<Targets> targets, Work& work) {
  const auto backends_of = [](const std::vector<Targets>& all) {
    std::set<BackendEntry*> found;
    for (const Targets& one : all) {
      found.insert(one.backend);
      if (one.errors != nullptr) found.insert(one.errors);
    }
    return found;
  };
  const std::set<BackendEntry*> before = backends_of(entry.targets);
  const std::set<BackendEntry*> now = backends_of(targets);
  entry.targets = std::move(targets);
  for (BackendEntry* backend : before) {
    work.missing.insert(backend);
    if (now.contains(backend)) continue;
    backend->users.erase(&entry);
    if (backend->users.empty()) unsettled.insert(backend);
  }
  for (BackendEntry* backend : now) {
    work.missing.insert(backend);
    if (!backend->users.insert(&entry).second) continue;
    if (backend->users.size() == 1) unsettled.insert(backend);
  }
}

void Builder::State::set_alternatives(BackendEntry& entry, std::vector<BackendEntry*> alternatives, Work& work) {
  if (entry.alternatives == alternatives) return;
  entry.alternatives = std::move(alternatives);
  work.backends.insert(&entry);
}

// All of them anew: they are few, and what one does may void another.
void Builder::State::attach_canaries(const Input& input, Work& work) {
  if (canaries.empty() && canary_backends.empty() && canary_primaries.empty()) {
    // The last canary may have said something although it was nobody's.
    input.book.set("build/canaries", {});
    return;
  }
  if (work.hosts.empty() && work.ingresses.empty() && input.changes.services.empty()) return;
  const auto find_host = [&](const std::string& name) -> CanaryHost {
    const auto entry = hosts.find(name);
    if (entry == hosts.end()) return {};
    const auto edited = work.edited.find(name);
    return {&entry->second, edited == work.edited.end() ? entry->second.host.get() : edited->second.get()};
  };
  Canaries now = model::attach_canaries(canaries, backends, find_host, input.state);
  input.book.set("build/canaries", now.diagnostics);

  std::set<BackendEntry*> primaries;
  std::set<BackendEntry*> used;
  for (auto& [primary, alternatives] : now.alternatives) {
    primaries.insert(primary);
    used.insert(alternatives.begin(), alternatives.end());
    set_alternatives(*primary, std::move(alternatives), work);
  }
  for (BackendEntry* primary : canary_primaries) {
    if (!primaries.contains(primary)) set_alternatives(*primary, {}, work);
  }
  std::set<BackendEntry*> touched = used;
  touched.insert(canary_backends.begin(), canary_backends.end());
  for (BackendEntry* entry : touched) {
    const auto found = now.sticky.find(entry);
    auto sticky = found == now.sticky.end() ? std::nullopt : std::optional(std::move(found->second));
    if (entry->sticky != sticky) {
      entry->sticky = std::move(sticky);
      work.backends.insert(entry);
    }
    if (entry->is_alternative == used.contains(entry)) continue;
    entry->is_alternative = used.contains(entry);
    unsettled.insert(entry);
  }
  canary_primaries = std::move(primaries);
  canary_backends = std::move(used);
}

// A host as it will be; a copy of the one in the model unless it was merged in this update.
Host& Builder::State::edit(const HostEntry& entry, Work& work) {
  std::shared_ptr<Host>& host = work.edited[entry.name];
  if (!host) host = std::make_shared<Host>(*entry.host);
  return *host;
}

void Builder::State::settle_backend_names(Work& work) {
  for (BackendEntry* entry : std::exchange(unsettled, {})) {
    // The default backend stays without users.
    if (entry == &backends.default_backend()) continue;
    work.backends.insert(entry);
    if (!entry->is_used() && entry->backend) work.changed_backends[entry->backend->name] = nullptr;
    for (BackendEntry* renamed : backends.settle_name(*entry)) {
      work.backends.insert(renamed);
      // Somebody else may have the old name now: resolve_backends() comes later and knows.
      if (renamed->backend) work.changed_backends[renamed->backend->name] = nullptr;
      for (const HostEntry* user : renamed->users) (void)edit(*user, work);
      if (renamed->is_alternative) work.backends.insert(canary_primaries.begin(), canary_primaries.end());
    }
  }
  for (const auto& [name, host] : work.edited) {
    const HostEntry& entry = hosts.at(name);
    for (std::size_t i = 0; i < host->locations.size(); ++i) {
      const Targets& targets = entry.targets[i];
      host->locations[i].backend = targets.backend->name;
      host->locations[i].error_backend = targets.errors ? targets.errors->name : std::string();
    }
  }
}

void Builder::State::settle_host_names(base::DiagnosticBook& book, Work& work) {
  if (!work.host_names_changed) return;
  std::vector<const HostEntry*> special;
  for (const std::string& name : special_hosts) {
    HostEntry& entry = hosts.at(name);
    // Its TLS settings go to the redirect.
    const auto edited = work.edited.find(name);
    if (edited != work.edited.end()) entry.host = edited->second;
    special.push_back(&entry);
  }
  base::Diagnostics diagnostics;
  HostNames names = model::settle_host_names(
      special, [this](const std::string& name) { return hosts.contains(name); }, diagnostics);
  book.set("build/names", diagnostics);
  for (auto& [name, aliases] : names.aliases) {
    const HostEntry& entry = hosts.at(name);
    if (entry.host->aliases != aliases) edit(entry, work).aliases = std::move(aliases);
  }
  // The name of a redirect that goes may be that of a host that has come.
  for (const auto& known : redirects) {
    if (!hosts.contains(known.first)) work.changed_hosts[known.first] = nullptr;
  }
  redirects.clear();
  for (auto& [name, host] : names.redirects) {
    HostPtr before = find_by_name(model.hosts, name);
    HostPtr now = before && *before == host ? before : std::make_shared<const Host>(std::move(host));
    work.changed_hosts[name] = now;
    redirects.emplace(name, std::move(now));
  }
}

void Builder::State::finish_hosts(Work& work) {
  for (auto& [name, host] : work.edited) {
    HostPtr before = find_by_name(model.hosts, name);
    HostEntry& entry = hosts.at(name);
    entry.host = before && *before == *host ? before : HostPtr(std::move(host));
    if (entry.host != before || work.changed_hosts.contains(name)) work.changed_hosts[name] = entry.host;
  }
}

// All of them anew: they are few.
void Builder::State::resolve_port_services(const Input& input, const Work& work) {
  const kube::Changes& changes = input.changes;
  const auto touches = [&changes](const std::optional<kube::ObjectName>& map) {
    return map && changes.config_maps.contains(*map);
  };
  const bool is_touched = changes.everything || touches(options.tcp_services) || touches(options.udp_services) ||
                          std::any_of(work.services.begin(), work.services.end(),
                                      [this](const auto& service) { return port_service_names.contains(service); });
  if (!is_touched) return;
  PortServices now = port_services(input.state, slices, options);
  input.book.set("build/port-services", now.diagnostics);
  port_service_names = std::move(now.services);
  model.port_services = std::move(now.all);
}

void Builder::State::find_default_certificate(const Input& input) {
  if (!options.default_ssl_certificate) return;
  model.default_certificate = input.state.find<kube::Secret>(*options.default_ssl_certificate);
  base::Diagnostics diagnostics;
  if (!model.default_certificate) {
    diagnostics.push_back(diagnostic(Severity::warning, "default-certificate-missing",
                                     ref_of<kube::Secret>(*options.default_ssl_certificate), "",
                                     "--default-ssl-certificate does not exist: a generated certificate is used"));
  }
  input.book.set("build/default-certificate", diagnostics);
}

}  // namespace weir::model
