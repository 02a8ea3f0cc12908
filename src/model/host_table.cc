#include "model/host_table.h"

#include "model/gates.h"
#include "model/ingress_rules.h"
#include "model/report.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

constexpr const char* kRoot = "/";

Owner owner_of(const kube::Ingress& ingress, const kube::IngressBackend* backend) {
  Owner owner{ingress.meta.ns, ingress.meta.name, {}, {}};
  if (backend != nullptr) {
    owner.service = backend->service;
    owner.port = backend->port.text();
  }
  return owner;
}

std::shared_ptr<const std::map<std::string, std::string>> used_of(const AcceptedPtr& ingress) {
  return {ingress, &ingress->used};
}

bool rewrites(const Location& location) {
  const std::string& target = location.policies.rewrite.target;
  return !target.empty() && target != location.path;
}

}  // namespace

std::size_t HostTable::PathKeyHash::operator()(const PathKey& key) const {
  const std::size_t text = std::hash<std::string_view>{}(key.path);
  return (text * 31 + key.host) * 2 + (key.type == kube::PathType::exact ? 1 : 0);
}

HostTable::HostTable(const AcceptedSet& accepted, const kube::ClusterState& state, const Options& options,
                     const features::Settings& settings, BackendTable& backends, base::Diagnostics& diagnostics)
    : accepted_(accepted),
      state_(state),
      settings_(settings),
      backends_(backends),
      canary_key_(options.annotations_prefix + "/canary"),
      diagnostics_(diagnostics) {
  by_name_.reserve(accepted.ingresses.size() + 1);
  locations_.reserve(accepted.ingresses.size() * 2);

  Location root;
  root.path = kRoot;
  root.implicit = true;
  root.untouched_default = true;
  root.policies = settings.defaults;
  root.policies.https_redirect.ssl_redirect = false;
  root.policies.https_redirect.force = false;
  root.policies.access_log.enabled = settings.access_log_for_default_backend;
  deny_all(root.policies);
  HostDraft& draft = drafts_.emplace_back();
  draft.host.name = kCatchAll;
  draft.host.locations.push_back(std::move(root));
  draft.targets.emplace_back();
  locations_.emplace(PathKey{0, kube::PathType::prefix, kRoot}, 0);
}

void HostTable::deny_all(features::Policies& policies) const {
  if (!policies.deny.denied()) policies.deny.reason = settings_.deny_all_reason;
}

features::Policies HostTable::policies_of(const AcceptedIngress& ingress, std::string_view path) const {
  features::Policies policies = ingress.policies;
  deny_all(policies);
  // Spec 0.1, step 4a: the size limit of a denied Ingress is not in force.
  if (policies.deny.denied()) policies.proxy.body_size = features::ProxyPolicy{}.body_size;
  const auto& exempt = settings_.no_tls_redirect_locations;
  policies.https_redirect.exempt =
      std::any_of(exempt.begin(), exempt.end(), [path](const std::string& prefix) { return path.starts_with(prefix); });
  return policies;
}

Location HostTable::make_location(const AcceptedPtr& ingress, std::string path, kube::PathType type) const {
  Location location;
  location.path = std::move(path);
  location.type = type;
  location.policies = policies_of(*ingress, location.path);
  location.used = used_of(ingress);
  return location;
}

void HostTable::take_catch_all(const AcceptedPtr& ingress) {
  const kube::Ingress& object = *ingress->object;
  if (!object.rules.empty() || !object.default_backend) return;
  const kube::IngressBackend* backend = default_backend_of(object);
  if (backend == nullptr) {
    diagnostics_.push_back(diagnostic(Severity::warning, "backend-resource", *ingress, "spec.defaultBackend",
                                      "only backends of kind Service are served"));
    return;
  }
  Location& root = drafts_.front().host.locations.front();
  if (!root.untouched_default) {
    diagnostics_.push_back(diagnostic(
        Severity::warning, "default-backend-shadowed", *ingress, "spec.defaultBackend",
        "the catch-all already belongs to ingress " + root.owner.ns + "/" + root.owner.ingress + ", which is older"));
    return;
  }
  Location taken = make_location(ingress, kRoot, kube::PathType::prefix);
  taken.owner = owner_of(object, backend);
  drafts_.front().targets.front() = targets_of(*ingress, backends_.refer(object.meta.ns, *backend));
  // Spec 2.2 and 10.45: without the redirect and rewrite groups, so no app-root, no ssl-redirect, no rewrite.
  taken.policies.redirect = root.policies.redirect;
  taken.policies.rewrite = root.policies.rewrite;
  taken.policies.https_redirect.ssl_redirect = false;
  taken.policies.https_redirect.force = false;
  root = std::move(taken);
}

HostDraft* HostTable::host_of(const AcceptedPtr& ingress, const kube::IngressRule& rule) {
  if (rule.host.empty()) return &drafts_.front();
  std::string name = base::to_lower(rule.host);
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) return found->second;
  if (!is_rule_host(name)) {
    diagnostics_.push_back(diagnostic(Severity::error, "host-invalid", *ingress, "spec.rules.host",
                                      "\"" + rule.host + "\" is no host name (letters, digits, '-' and '.', a " +
                                          "leading \"*.\" at most, no IP address); its paths are not served"));
    return nullptr;
  }

  const kube::Ingress& object = *ingress->object;
  const kube::IngressBackend* backend = default_backend_of(object);
  Location root = make_location(ingress, kRoot, kube::PathType::prefix);
  root.implicit = true;
  root.owner = owner_of(object, backend);
  HostDraft& draft = drafts_.emplace_back();
  draft.index = drafts_.size() - 1;
  draft.host.name = std::move(name);
  draft.host.locations.reserve(rule.paths.size() + 1);
  draft.host.locations.push_back(std::move(root));
  draft.targets.push_back(
      targets_of(*ingress, backend ? backends_.refer(object.meta.ns, *backend) : BackendTable::kDefault));
  locations_.emplace(PathKey{draft.index, kube::PathType::prefix, kRoot}, 0);
  by_name_.emplace(draft.host.name, &draft);
  return &draft;
}

std::vector<TlsEntry> HostTable::tls_of(const AcceptedIngress& ingress) {
  const kube::Ingress& object = *ingress.object;
  std::vector<TlsEntry> entries;
  entries.reserve(object.tls.size());
  for (const kube::IngressTls& tls : object.tls) {
    TlsEntry& entry = entries.emplace_back();
    entry.hosts.reserve(tls.hosts.size());
    for (const std::string& name : tls.hosts) entry.hosts.push_back(base::to_lower(name));
    entry.secret = {object.meta.ns, tls.secret};
    if (tls.secret.empty()) continue;
    entry.object = state_.find<kube::Secret>(entry.secret);
    if (entry.object) continue;
    diagnostics_.push_back(
        diagnostic(severity_of_missing(state_.secrets, object.meta.ns), "tls-secret-missing", ingress, "spec.tls",
                   "Secret " + kube::to_string(entry.secret) + " does not exist: the default certificate is used"));
  }
  return entries;
}

LocationTargets HostTable::targets_of(const AcceptedIngress& ingress, BackendTable::Id backend) {
  LocationTargets targets{backend, BackendTable::kDefault};
  const std::string& name = ingress.policies.custom_errors.default_backend;
  if (name.empty()) return targets;
  if (const auto service = state_.find<kube::Service>({ingress.object->meta.ns, name})) {
    targets.errors = backends_.refer_error_backend(*service);
  }
  return targets;
}

void HostTable::merge_host_settings(const AcceptedPtr& ingress, const std::vector<TlsEntry>& tls, HostDraft& draft) {
  if (draft.alias_owner == nullptr && !ingress->policies.host_alias.names.empty()) {
    draft.alias_owner = ingress.get();
    draft.host.aliases = ingress->policies.host_alias.names;
  } else if (draft.alias_owner != nullptr && draft.alias_owner != ingress.get() &&
             !ingress->policies.host_alias.names.empty()) {
    diagnostics_.push_back(diagnostic(Severity::warning, "alias-shadowed", *ingress, "server-alias",
                                      "host \"" + draft.host.name + "\" already has the aliases of ingress " +
                                          kube::to_string(draft.alias_owner->object->meta.object_name())));
  }
  const features::DenyPolicy& deny = ingress->policies.deny;
  if (deny.whole_host && draft.deny_reason.empty()) draft.deny_reason = deny.reason;
  if (!tls.empty() && !draft.host.has_tls && draft.host.name != kCatchAll) {
    draft.host.has_tls = true;
    draft.host.tls = tls;
  }
}

void HostTable::add(const AcceptedPtr& ingress) {
  const kube::Ingress& object = *ingress->object;
  if (ingress->policies.canary.enabled) return claim_canary(*ingress);
  if (const kube::IngressBackend* backend = default_backend_of(object)) {
    backends_.overwrite(backends_.refer(object.meta.ns, *backend), *ingress);
  }
  const std::string& errors = ingress->policies.custom_errors.default_backend;
  if (!errors.empty() && !state_.find<kube::Service>({object.meta.ns, errors})) {
    diagnostics_.push_back(diagnostic(severity_of_missing(state_.services, object.meta.ns), "error-backend-missing",
                                      *ingress, "default-backend",
                                      "Service " + object.meta.ns + "/" + errors +
                                          " does not exist: the default "
                                          "backend serves errors, and nothing stands in for missing endpoints"));
  }
  const std::vector<TlsEntry> tls = tls_of(*ingress);
  for (const kube::IngressRule& rule : object.rules) {
    HostDraft* draft = host_of(ingress, rule);
    if (draft == nullptr) continue;
    merge_host_settings(ingress, tls, *draft);
    for (const kube::IngressPath& path : rule.paths) {
      if (names_service(path.backend)) {
        const auto backend = backends_.refer(object.meta.ns, path.backend);
        backends_.claim(backend, *ingress);
        backends_.merge_affinity(backend, ingress->policies.affinity);
        add_path(ingress, *draft, path, backend);
        continue;
      }
      diagnostics_.push_back(diagnostic(Severity::warning, "backend-resource", *ingress, "spec.rules.paths",
                                        "path \"" + path.path + "\" of host \"" + draft->host.name +
                                            "\": only backends of kind Service are served; skipped"));
    }
  }
}

void HostTable::add_path(const AcceptedPtr& ingress, HostDraft& draft, const kube::IngressPath& path,
                         BackendTable::Id backend) {
  const kube::Ingress& object = *ingress->object;
  const std::string_view text = path.path.empty() ? std::string_view(kRoot) : std::string_view(path.path);
  const kube::PathType type = effective_type(path);
  Owner owner = owner_of(object, &path.backend);
  std::vector<Location>& locations = draft.host.locations;

  const auto [found, is_new] = locations_.try_emplace(PathKey{draft.index, type, text}, locations.size());
  if (!is_new && !locations[found->second].implicit) {
    return add_shadowed(*ingress, draft.host, text, locations[found->second], std::move(owner));
  }
  Location location = make_location(ingress, std::string(text), type);
  location.owner = std::move(owner);
  if (location.policies.redirect.from_to_www && draft.www_owner == nullptr) draft.www_owner = ingress.get();
  if (text.front() != '/') {
    diagnostics_.push_back(diagnostic(Severity::warning, "path-relative", *ingress, "spec.rules.paths",
                                      "path \"" + std::string(text) + "\" does not begin with \"/\""));
  }
  if (is_new) {
    locations.push_back(std::move(location));
    draft.targets.push_back(targets_of(*ingress, backend));
  } else {
    draft.targets[found->second] = targets_of(*ingress, backend);
    locations[found->second] = std::move(location);  // takes the implicit "/" over, settings and all
  }
}

bool HostTable::has_canary_annotation(const kube::ObjectName& name) const {
  const auto found = accepted_.ingresses.find(name);
  return found != accepted_.ingresses.end() && found->second->object->meta.annotations.count(canary_key_) != 0;
}

void HostTable::add_shadowed(const AcceptedIngress& loser, Host& host, std::string_view path, const Location& winner,
                             Owner owner) {
  const kube::ObjectName own = loser.object->meta.object_name();
  const kube::ObjectName other{winner.owner.ns, winner.owner.ingress};
  Shadowed shadowed;
  shadowed.path = std::string(path);
  shadowed.type = winner.type;
  shadowed.owner = std::move(owner);
  const std::string place = "host \"" + host.name + "\" and path \"" + shadowed.path + "\" is already defined in ";
  if (own == other) {
    shadowed.reason = "defined twice in this Ingress: the first one counts";
    diagnostics_.push_back(diagnostic(Severity::warning, "path-duplicate", loser, "spec.rules.paths",
                                      place + "this Ingress; the first one counts"));
  } else {
    shadowed.reason = "already defined in ingress " + kube::to_string(other) + ", which is older";
    // Spec 2.11: refused when neither of them has a canary annotation, whatever its value.
    const bool canary = has_canary_annotation(own) || has_canary_annotation(other);
    diagnostics_.push_back(diagnostic(canary ? Severity::warning : Severity::error, "path-duplicate", loser,
                                      "spec.rules.paths", place + "ingress " + kube::to_string(other)));
  }
  host.shadowed.push_back(std::move(shadowed));
}

std::deque<HostDraft> HostTable::finish() {
  for (const HostDraft& draft : drafts_) {
    for (const LocationTargets& targets : draft.targets) {
      backends_.use(targets.backend);
      backends_.use(targets.errors);
    }
  }
  backends_.settle_names();
  // Spec 2.5: length descending, equal length by text descending; entries of one path in the order they came.
  const auto before = [](const Location& a, const Location& b) {
    return a.path.size() != b.path.size() ? a.path.size() > b.path.size() : a.path > b.path;
  };
  for (HostDraft& draft : drafts_) {
    std::vector<Location>& locations = draft.host.locations;
    for (std::size_t i = 0; i < locations.size(); ++i) {
      const LocationTargets& targets = draft.targets[i];
      locations[i].backend = backends_.name(targets.backend);
      if (targets.errors != BackendTable::kDefault) locations[i].error_backend = backends_.name(targets.errors);
    }
    if (!std::is_sorted(locations.begin(), locations.end(), before)) {
      std::stable_sort(locations.begin(), locations.end(), before);
    }
    finish_host(draft);
  }
  return std::move(drafts_);
}

// What depends on all locations of a host.
void HostTable::finish_host(HostDraft& draft) const {
  Host& host = draft.host;
  for (Location& location : host.locations) {
    if (!draft.deny_reason.empty() && !location.policies.deny.denied()) {
      location.policies.deny = {draft.deny_reason, true};
      location.policies.proxy.body_size = features::ProxyPolicy{}.body_size;
    }
    const features::RewritePolicy& rewrite = location.policies.rewrite;
    host.regex_mode = host.regex_mode || rewrite.use_regex || rewrites(location);
    if (host.app_root.empty()) host.app_root = rewrite.app_root;
  }
}

}  // namespace weir::model
