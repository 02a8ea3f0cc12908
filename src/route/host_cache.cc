#include "route/host_cache.h"

#include "route/host_index.h"

#include <algorithm>
#include <utility>

namespace weir::route {

bool CachedHost::owns_certificate() const {
  if (name() == model::kCatchAll) return false;
  return host->www_redirect_to.empty() ? model->has_tls : host->certificate != nullptr;
}

CachedHost* HostCache::find(const std::string& name) const {
  const auto found =
      std::lower_bound(hosts_.begin(), hosts_.end(), name,
                       [](const CachedHostPtr& entry, const std::string& text) { return entry->name() < text; });
  return found != hosts_.end() && (*found)->name() == name ? found->get() : nullptr;
}

CachedHostPtr HostCache::build(const model::HostPtr& host, const IngressSet& denied, const tls::CertificatePtr& before,
                               const BuildTools& tools) const {
  BuiltHost built = build_host({*host, default_backend_, denied, before}, tools);
  auto cached = std::make_unique<CachedHost>();
  cached->model = host;
  cached->denied = denied;
  cached->bad = std::move(built.bad);
  cached->diagnostics = std::move(built.diagnostics);
  cached->host = std::move(built.host);
  return cached;
}

// Both lists are sorted by name. Returns whether a host came, went or was made again.
bool HostCache::merge(const std::vector<model::HostPtr>& models, bool all_new, const BuildTools& tools) {
  bool changed = false;
  std::vector<CachedHostPtr> next;
  next.reserve(models.size() + 1);
  auto before = hosts_.begin();
  const auto take = [&](const model::HostPtr& host) {
    for (; before != hosts_.end() && (*before)->name() < host->name; ++before) {
      tools.certificates.release(*(*before)->model);
      changed = true;
    }
    const bool known = before != hosts_.end() && (*before)->name() == host->name;
    if (known && !all_new && ((*before)->model == host || *(*before)->model == *host)) {
      (*before)->model = host;
      next.push_back(std::move(*before++));
      return;
    }
    tools.certificates.retain(*host);
    next.push_back(build(host, {}, known ? (*before)->host->certificate : nullptr, tools));
    if (known) tools.certificates.release(*(*before++)->model);
    changed = true;
  };
  static const model::HostPtr catch_all = [] {
    auto host = std::make_shared<model::Host>();
    host->name = std::string(model::kCatchAll);
    return host;
  }();
  bool has_catch_all = false;
  for (const model::HostPtr& host : models) {
    if (!has_catch_all && host->name >= catch_all->name) {
      has_catch_all = true;
      if (host->name != catch_all->name) take(catch_all);
    }
    take(host);
  }
  if (!has_catch_all) take(catch_all);
  for (; before != hosts_.end(); ++before) {
    tools.certificates.release(*(*before)->model);
    changed = true;
  }
  hosts_ = std::move(next);
  return changed;
}

bool HostCache::update(const std::vector<model::HostPtr>& models, BackendId default_backend,
                       const tls::CertificatePtr& default_certificate, const BuildTools& tools) {
  // A host without "/" got one that leads to the default backend.
  const bool all_new = default_backend != default_backend_ || !list_;
  const bool same_default = default_certificate == default_certificate_;
  // Only endpoints changed: nothing to do for hosts.
  if (!all_new && same_default && models == models_) return false;
  default_backend_ = default_backend;
  default_certificate_ = default_certificate;
  models_ = models;
  const bool changed = merge(models, all_new, tools);
  if (!changed && same_default) return false;
  rebuild_denied(tools);
  join_certificates(default_certificate);
  make_index(tools.patterns);
  diagnostics_.clear();
  for (const CachedHostPtr& cached : hosts_) {
    diagnostics_.insert(diagnostics_.end(), cached->diagnostics.begin(), cached->diagnostics.end());
  }
  return true;
}

// An Ingress with a path that does not compile is denied on all its hosts (spec 0.5).
void HostCache::rebuild_denied(const BuildTools& tools) {
  IngressSet all;
  for (const CachedHostPtr& cached : hosts_) all.insert(cached->bad.begin(), cached->bad.end());
  for (CachedHostPtr& cached : hosts_) {
    IngressSet here;
    if (!all.empty()) {
      for (const model::Location& location : cached->model->locations) {
        const kube::ObjectName owner{location.owner.ns, location.owner.ingress};
        if (all.contains(owner)) here.insert(owner);
      }
    }
    if (here != cached->denied) cached = build(cached->model, here, cached->host->certificate, tools);
  }
}

// Names are views into the hosts, so that the index is good as long as the table that holds both.
std::shared_ptr<const CertificateIndex> HostCache::index_certificates(
    const tls::CertificatePtr& default_certificate) const {
  auto index = std::make_shared<CertificateIndex>();
  for (const CachedHostPtr& cached : hosts_) {
    if (cached->owns_certificate()) index->add(cached->host->name, {cached->host->certificate.get()});
  }
  for (const CachedHostPtr& cached : hosts_) {
    if (cached->host->aliases.empty() || !cached->owns_certificate()) continue;
    const tls::Certificate* own = cached->host->certificate.get();
    const tls::Certificate* served = own ? own : default_certificate.get();
    for (const std::string& alias : cached->host->aliases) {
      if (served && served->covers(alias)) index->add(alias, {own});
    }
  }
  return index;
}

// What depends on other hosts: the certificate of a www redirect (spec 2.10), and whether a name has a certificate
// (spec 2.8: its own or one of "*.rest"). A host is copied only where the answer changed.
void HostCache::join_certificates(const tls::CertificatePtr& default_certificate) {
  const auto copied = [](CachedHost& cached) {
    auto copy = std::make_shared<Host>(*cached.host);
    cached.host = copy;
    cached.digest.reset();
    return copy;
  };
  for (const CachedHostPtr& cached : hosts_) {
    if (cached->host->www_redirect_to.empty()) continue;
    const CachedHost* target = find(cached->host->www_redirect_to);
    tls::CertificatePtr certificate = target ? target->host->certificate : nullptr;
    if (certificate && !certificate->covers(cached->name())) certificate = nullptr;
    if (certificate != cached->host->certificate) copied(*cached)->certificate = std::move(certificate);
  }
  std::vector<bool> has;
  has.reserve(hosts_.size());
  auto index = index_certificates(default_certificate);
  for (const CachedHostPtr& cached : hosts_) has.push_back(index->find(cached->name()) != nullptr);
  bool is_stale = false;  // `index` holds views into a host that was replaced
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (has[i] == hosts_[i]->host->has_certificate) continue;
    copied(*hosts_[i])->has_certificate = has[i];
    is_stale = true;
  }
  certificate_index_ = is_stale ? index_certificates(default_certificate) : std::move(index);
}

// The list of a new table and the index over it. Without aliases, an index is a copy of the one before but for the
// hosts that changed.
void HostCache::make_index(PatternCache& patterns) {
  const std::shared_ptr<const HostList> before = std::move(list_);
  auto list = std::make_shared<HostList>();
  list->reserve(hosts_.size());
  const bool had_aliases = std::exchange(has_aliases_, false);
  for (const CachedHostPtr& cached : hosts_) {
    list->push_back(cached->host);
    has_aliases_ = has_aliases_ || !cached->host->aliases.empty();
  }
  list_ = list;
  if (!before || had_aliases || has_aliases_) {
    index_ = std::make_shared<const HostIndex>(*list_, patterns);
    return;
  }
  HostList gone;
  HostList come;
  auto old = before->begin();
  for (const auto& host : *list) {
    if (old != before->end() && *old == host) {
      ++old;
      continue;
    }
    for (; old != before->end() && (*old)->name < host->name; ++old) gone.push_back(*old);
    if (old != before->end() && *old == host) {
      ++old;
      continue;
    }
    if (old != before->end() && (*old)->name == host->name) gone.push_back(*old++);
    come.push_back(host);
  }
  gone.insert(gone.end(), old, before->end());
  index_ = std::make_shared<const HostIndex>(*index_, gone, come);
}

}  // namespace weir::route
