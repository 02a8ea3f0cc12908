#include "model/host_merge.h"

#include "model/credentials.h"
#include "model/header_maps.h"
#include "model/ingress_rules.h"
#include "model/passthrough.h"
#include "model/report.h"
#include "model/tls_secrets.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <string_view>
#include <unordered_map>
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

bool rewrites(const Location& location) {
  const std::string& target = location.policies.rewrite.target.source();
  return !target.empty() && target != location.path;
}

class Merge {
 public:
  Merge(HostDraft& draft, const MergeInput& input)
      : draft_(draft),
        input_(input),
        headers_(input.state, input.settings, draft.diagnostics),
        credentials_(input.state, input.settings, draft.diagnostics),
        tls_secrets_(input.state, input.settings, draft.diagnostics) {}

  // "/" of "_", which no Ingress has taken over yet.
  void add_untouched_root();
  // An Ingress with only a defaultBackend takes "/" of "_" over.
  void take_catch_all(const AcceptedPtr& ingress);
  void add(const AcceptedPtr& ingress);
  // Locations in the original's list order, then what depends on all of them.
  void finish();

 private:
  struct PathKey {
    kube::PathType type;
    std::string_view path;  // in an Ingress object, or a literal
    bool operator==(const PathKey&) const = default;
  };
  struct PathKeyHash {
    std::size_t operator()(const PathKey& key) const {
      return std::hash<std::string_view>{}(key.path) * 2 + (key.type == kube::PathType::exact ? 1 : 0);
    }
  };

  bool is_catch_all() const { return draft_.host.name == kCatchAll; }
  void say(Severity severity, const char* code, const AcceptedIngress& ingress, std::string key, std::string text) {
    draft_.diagnostics.push_back(diagnostic(severity, code, ingress, std::move(key), std::move(text)));
  }
  void add_root(const AcceptedPtr& ingress);
  void merge_host_settings(const AcceptedPtr& ingress);
  void merge_host_tls(const AcceptedPtr& ingress);
  std::vector<TlsEntry> tls_of(const kube::Ingress& object) const;
  void add_path(const AcceptedPtr& ingress, const kube::IngressPath& path);
  void add_shadowed(const AcceptedIngress& loser, std::string_view path, const Location& winner, Owner owner);
  bool has_canary_annotation(const kube::ObjectName& ingress) const;
  Location make_location(const AcceptedPtr& ingress, std::string path, kube::PathType type);
  features::Policies policies_of(const AcceptedIngress& ingress, std::string_view path);
  void share_upstream_tls();
  void deny_all(features::Policies& policies) const;
  TargetKeys targets_of(const AcceptedIngress& ingress, BackendKey backend) const;
  void push(Location location, TargetKeys targets) {
    draft_.host.locations.push_back(std::move(location));
    draft_.targets.push_back(std::move(targets));
  }

  HostDraft& draft_;
  const MergeInput& input_;
  IngressHeaders headers_;
  Credentials credentials_;
  TlsSecrets tls_secrets_;
  std::map<std::string, features::ProxySslPolicy> upstream_tls_;  // by namespace: of the first Ingress that has it
  AcceptedPtr clients_of_;                                        // whose auth-tls-* were looked at last
  std::vector<AcceptedPtr> passthrough_;                          // the Ingresses that say so
  std::string deny_reason_;  // not empty: a setting that guards the whole host closes it
  std::unordered_map<PathKey, std::size_t, PathKeyHash> locations_;  // index into the host's locations
};

void Merge::deny_all(features::Policies& policies) const {
  if (!policies.deny.denied()) policies.deny.reason = input_.settings.deny_all_reason;
}

features::Policies Merge::policies_of(const AcceptedIngress& ingress, std::string_view path) {
  features::Policies policies = ingress.policies;
  headers_.apply(ingress, policies);
  credentials_.apply(ingress, path, policies);
  const auto& open = input_.settings.no_auth_locations;
  if (std::any_of(open.begin(), open.end(), [path](const std::string& prefix) { return path.starts_with(prefix); })) {
    policies.external_auth = {};
  }
  // Nginx: with an error page of its own, that of the sign-in, the location has none of the ConfigMap's (spec 4.7).
  if (!policies.external_auth.signin.empty() && !ingress.used.contains("custom-http-errors")) {
    policies.custom_errors.codes.clear();
  }
  tls_secrets_.apply(ingress, policies);
  deny_all(policies);
  // Spec 0.1, step 4a: the size limit of a denied Ingress is not in force.
  if (policies.deny.denied()) policies.proxy.body_size = features::ProxyPolicy{}.body_size;
  const auto& exempt = input_.settings.no_tls_redirect_locations;
  policies.https_redirect.exempt =
      std::any_of(exempt.begin(), exempt.end(), [path](const std::string& prefix) { return path.starts_with(prefix); });
  return policies;
}

Location Merge::make_location(const AcceptedPtr& ingress, std::string path, kube::PathType type) {
  Location location;
  location.path = std::move(path);
  location.type = type;
  location.policies = policies_of(*ingress, location.path);
  location.used = {ingress, &ingress->used};
  return location;
}

void Merge::add_untouched_root() {
  Location root;
  root.path = kRoot;
  root.implicit = true;
  root.untouched_default = true;
  root.policies = input_.settings.defaults;
  root.policies.external_auth = {};  // spec 4.1: nobody asks for the untouched default
  root.policies.https_redirect.ssl_redirect = false;
  root.policies.https_redirect.force = false;
  root.policies.access_log.enabled = input_.settings.access_log_for_default_backend;
  deny_all(root.policies);
  push(std::move(root), {});
  locations_.emplace(PathKey{kube::PathType::prefix, kRoot}, 0);
}

void Merge::take_catch_all(const AcceptedPtr& ingress) {
  const kube::Ingress& object = *ingress->object;
  const kube::IngressBackend* backend = default_backend_of(object);
  if (!object.rules.empty() || backend == nullptr) return;
  Location& root = draft_.host.locations.front();
  if (!root.untouched_default) {
    return say(
        Severity::warning, "default-backend-shadowed", *ingress, "spec.defaultBackend",
        "the catch-all already belongs to ingress " + root.owner.ns + "/" + root.owner.ingress + ", which is older");
  }
  Location taken = make_location(ingress, kRoot, kube::PathType::prefix);
  taken.owner = owner_of(object, backend);
  // Spec 2.2 and 10.45: without the redirect and rewrite groups, so no app-root, no ssl-redirect, no rewrite.
  taken.policies.redirect = root.policies.redirect;
  taken.policies.rewrite = root.policies.rewrite;
  taken.policies.https_redirect.ssl_redirect = false;
  taken.policies.https_redirect.force = false;
  root = std::move(taken);
  merge_host_tls(ingress);  // the original looks at rules only, and leaves the catch-all open
  draft_.targets.front() = targets_of(*ingress, BackendKey::of(object.meta.ns, *backend));
}

// The oldest Ingress of a host makes its "/".
void Merge::add_root(const AcceptedPtr& ingress) {
  const kube::Ingress& object = *ingress->object;
  const kube::IngressBackend* backend = default_backend_of(object);
  Location root = make_location(ingress, kRoot, kube::PathType::prefix);
  root.implicit = true;
  root.owner = owner_of(object, backend);
  push(std::move(root), targets_of(*ingress, backend ? BackendKey::of(object.meta.ns, *backend) : BackendKey{}));
  locations_.emplace(PathKey{kube::PathType::prefix, kRoot}, 0);
}

TargetKeys Merge::targets_of(const AcceptedIngress& ingress, BackendKey backend) const {
  TargetKeys targets{std::move(backend), std::nullopt};
  const kube::ObjectName service{ingress.object->meta.ns, ingress.policies.custom_errors.default_backend};
  if (!service.name.empty() && input_.state.services.contains(service)) {
    targets.errors = BackendKey{service.ns, service.name, {}, true};
  }
  return targets;
}

std::vector<TlsEntry> Merge::tls_of(const kube::Ingress& object) const {
  std::vector<TlsEntry> entries;
  entries.reserve(object.tls.size());
  for (const kube::IngressTls& tls : object.tls) {
    TlsEntry& entry = entries.emplace_back();
    entry.hosts.reserve(tls.hosts.size());
    for (const std::string& name : tls.hosts) entry.hosts.push_back(base::to_lower(name));
    entry.secret = {object.meta.ns, tls.secret};
    if (!tls.secret.empty()) entry.object = input_.state.find<kube::Secret>(entry.secret);
  }
  return entries;
}

void Merge::merge_host_tls(const AcceptedPtr& ingress) {
  if (!ingress->policies.auth_tls.secret.empty() && !draft_.host.auth_tls.material && clients_of_ != ingress) {
    clients_of_ = ingress;
    // One that cannot be used closes the host, until a usable one comes.
    features::AuthTlsPolicy clients = tls_secrets_.client_auth(*ingress);
    if (clients.material || draft_.host.auth_tls.secret.empty()) draft_.host.auth_tls = std::move(clients);
  }
  const features::SslPolicy& ssl = ingress->policies.ssl;
  const bool known = !passthrough_.empty() && passthrough_.back() == ingress;  // by another rule for the host
  if (ssl.passthrough && !known) passthrough_.push_back(ingress);
  if (draft_.host.ssl.ciphers.empty()) draft_.host.ssl.ciphers = ssl.ciphers;
  if (!draft_.host.ssl.prefer_server_ciphers) draft_.host.ssl.prefer_server_ciphers = ssl.prefer_server_ciphers;
}

void Merge::merge_host_settings(const AcceptedPtr& ingress) {
  const auto& aliases = ingress->policies.host_alias.names;
  if (draft_.alias_owner == nullptr && !aliases.empty()) {
    draft_.alias_owner = ingress;
    draft_.host.aliases = aliases;
  } else if (draft_.alias_owner != nullptr && draft_.alias_owner != ingress && !aliases.empty()) {
    say(Severity::warning, "alias-shadowed", *ingress, "server-alias",
        "host \"" + draft_.host.name + "\" already has the aliases of ingress " +
            kube::to_string(draft_.alias_owner->object->meta.object_name()));
  }
  if (!ingress->policies.proxy_ssl.secret.empty()) {
    features::Policies resolved = ingress->policies;
    tls_secrets_.apply(*ingress, resolved);
    if (resolved.proxy_ssl.material) upstream_tls_.try_emplace(ingress->object->meta.ns, resolved.proxy_ssl);
  }
  merge_host_tls(ingress);
  const features::DenyPolicy& deny = ingress->policies.deny;
  if (deny.whole_host && deny_reason_.empty()) deny_reason_ = deny.reason;
  if (!ingress->object->tls.empty() && !draft_.host.has_tls && !is_catch_all()) {
    draft_.host.has_tls = true;
    draft_.host.tls = tls_of(*ingress->object);
  }
}

void Merge::add(const AcceptedPtr& ingress) {
  for (const kube::IngressRule& rule : ingress->object->rules) {
    // Most rules are for other hosts; lower case costs, so sizes first.
    if (rule.host.size() != (is_catch_all() ? 0 : draft_.host.name.size())) continue;
    if (host_name_of(rule) != draft_.host.name) continue;
    if (draft_.host.locations.empty()) {
      draft_.host.locations.reserve(rule.paths.size() + 1);
      add_root(ingress);
    }
    merge_host_settings(ingress);
    for (const kube::IngressPath& path : rule.paths) {
      if (names_service(path.backend)) {
        add_path(ingress, path);
        continue;
      }
      say(Severity::warning, "backend-resource", *ingress, "spec.rules.paths",
          "path \"" + path.path + "\" of host \"" + draft_.host.name +
              "\": only backends of kind Service are served; skipped");
    }
  }
}

void Merge::add_path(const AcceptedPtr& ingress, const kube::IngressPath& path) {
  const kube::Ingress& object = *ingress->object;
  const std::string_view text = path.path.empty() ? std::string_view(kRoot) : std::string_view(path.path);
  const kube::PathType type = effective_type(path);
  Owner owner = owner_of(object, &path.backend);
  std::vector<Location>& locations = draft_.host.locations;

  const auto [found, is_new] = locations_.try_emplace(PathKey{type, text}, locations.size());
  if (!is_new && !locations[found->second].implicit) {
    return add_shadowed(*ingress, text, locations[found->second], std::move(owner));
  }
  Location location = make_location(ingress, std::string(text), type);
  location.owner = std::move(owner);
  if (location.policies.redirect.from_to_www && draft_.www_owner == nullptr) draft_.www_owner = ingress;
  if (text.front() != '/') {
    say(Severity::warning, "path-relative", *ingress, "spec.rules.paths",
        "path \"" + std::string(text) + "\" does not begin with \"/\"");
  }
  TargetKeys targets = targets_of(*ingress, BackendKey::of(object.meta.ns, path.backend));
  if (is_new) {
    push(std::move(location), std::move(targets));
  } else {
    locations[found->second] = std::move(location);  // takes the implicit "/" over, settings and all
    draft_.targets[found->second] = std::move(targets);
  }
}

bool Merge::has_canary_annotation(const kube::ObjectName& name) const {
  const auto found = input_.accepted.ingresses.find(name);
  return found != input_.accepted.ingresses.end() &&
         found->second->object->meta.annotations.count(input_.options.annotations_prefix + "/canary") != 0;
}

void Merge::add_shadowed(const AcceptedIngress& loser, std::string_view path, const Location& winner, Owner owner) {
  const kube::ObjectName own = loser.object->meta.object_name();
  const kube::ObjectName other{winner.owner.ns, winner.owner.ingress};
  Shadowed shadowed;
  shadowed.path = std::string(path);
  shadowed.type = winner.type;
  shadowed.owner = std::move(owner);
  const std::string place =
      "host \"" + draft_.host.name + "\" and path \"" + shadowed.path + "\" is already defined in ";
  if (own == other) {
    shadowed.reason = "defined twice in this Ingress: the first one counts";
    say(Severity::warning, "path-duplicate", loser, "spec.rules.paths", place + "this Ingress; the first one counts");
  } else {
    shadowed.reason = "already defined in ingress " + kube::to_string(other) + ", which is older";
    // Spec 2.11: refused when neither of them has a canary annotation, whatever its value.
    const bool canary = has_canary_annotation(own) || has_canary_annotation(other);
    say(canary ? Severity::warning : Severity::error, "path-duplicate", loser, "spec.rules.paths",
        place + "ingress " + kube::to_string(other));
  }
  draft_.host.shadowed.push_back(std::move(shadowed));
}

// Spec 4.10: the proxy-ssl-* of the host's first Ingress that has them count for locations without their own. Only
// within its namespace: its client certificate is nobody else's.
void Merge::share_upstream_tls() {
  for (const auto& [ns, given] : upstream_tls_) {
    for (Location& location : draft_.host.locations) {
      features::ProxySslPolicy& own = location.policies.proxy_ssl;
      if (own.secret.empty() && location.owner.ns == ns) own = given;
    }
  }
}

void Merge::finish() {
  Host& host = draft_.host;
  std::vector<Location>& locations = host.locations;
  // Spec 2.5: length descending, equal length by text descending; entries of one path in the order they came.
  const auto before = [](const Location& a, const Location& b) {
    return a.path.size() != b.path.size() ? a.path.size() > b.path.size() : a.path > b.path;
  };
  draft_.made.resize(locations.size());
  std::iota(draft_.made.begin(), draft_.made.end(), std::size_t{0});
  if (!std::is_sorted(locations.begin(), locations.end(), before)) {
    std::vector<std::size_t> order(locations.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return before(locations[a], locations[b]); });
    std::vector<Location> sorted;
    std::vector<TargetKeys> targets;
    sorted.reserve(order.size());
    targets.reserve(order.size());
    for (const std::size_t at : order) {
      draft_.made[at] = sorted.size();
      sorted.push_back(std::move(locations[at]));
      targets.push_back(std::move(draft_.targets[at]));
    }
    locations = std::move(sorted);
    draft_.targets = std::move(targets);
  }
  for (Location& location : locations) {
    if (!deny_reason_.empty() && !location.policies.deny.denied()) {
      location.policies.deny = {deny_reason_, true};
      location.policies.proxy.body_size = features::ProxyPolicy{}.body_size;
    }
    const features::RewritePolicy& rewrite = location.policies.rewrite;
    host.regex_mode = host.regex_mode || rewrite.use_regex || rewrites(location);
    if (host.app_root.empty()) host.app_root = rewrite.app_root;
  }
  if (!input_.settings.proxy_ssl_location_only) share_upstream_tls();
  decide_passthrough(draft_, passthrough_, input_);
}

}  // namespace

HostDraft merge_host(const std::string& name, const std::vector<AcceptedPtr>& ingresses, const MergeInput& input) {
  HostDraft draft;
  draft.host.name = name;
  Merge merge(draft, input);
  if (name == kCatchAll) {
    merge.add_untouched_root();
    for (const AcceptedPtr& ingress : ingresses) merge.take_catch_all(ingress);
  }
  for (const AcceptedPtr& ingress : ingresses) merge.add(ingress);
  merge.finish();
  return draft;
}

}  // namespace weir::model
