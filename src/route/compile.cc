#include "weir/route/compile.h"

#include "route/backend_build.h"
#include "route/certificate_index.h"
#include "route/certificate_store.h"
#include "route/client_blocks.h"
#include "route/host_build.h"
#include "route/host_index.h"
#include "route/ids.h"
#include "route/table_text.h"
#include "route/tls_choice.h"
#include "weir/route/lookup.h"
#include "weir/tls/digest.h"

#include <algorithm>
#include <optional>

namespace weir::route {
namespace {

// A host of the previous compilation with what it was made from.
struct CachedHost {
  model::Host model;
  IngressSet denied;  // those of its own Ingresses that were denied
  IngressSet bad;
  base::Diagnostics diagnostics;
  std::shared_ptr<const Host> host;
  std::optional<tls::Sha256> digest;  // of host_text(); nullopt: to be made
};

struct CachedBackend {
  model::Backend model;
  std::shared_ptr<const Backend> backend;
  base::Diagnostics diagnostics;
  tls::Sha256 digest{};
};

// Where the entry called `name` is or belongs in a vector sorted by model.name.
template <class Entry>
auto place_of(std::vector<Entry>& entries, const std::string& name) {
  auto less = [](const Entry& entry, const std::string& text) { return entry.model.name < text; };
  return std::lower_bound(entries.begin(), entries.end(), name, less);
}

template <class Entry>
Entry* find_by_name(std::vector<Entry>& entries, const std::string& name) {
  const auto found = place_of(entries, name);
  return found != entries.end() && found->model.name == name ? &*found : nullptr;
}

void append(base::Diagnostics& to, const base::Diagnostics& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

struct Compiler::State {
  explicit State(CompileOptions given) : options(std::move(given)), policies(options) {}

  void compile_hosts(const model::Model& model, RoutingTable& table, base::Diagnostics& diagnostics);
  void rebuild_denied();
  CachedHost build(const model::Host& host, const IngressSet& denied, const tls::CertificatePtr& certificate_before);
  void compile_backends(const model::Model& model, RoutingTable& table, base::Diagnostics& diagnostics);
  void compile_blocks(RoutingTable& table, base::Diagnostics& diagnostics);
  void choose_default_certificate(const model::Model& model, RoutingTable& table, base::Diagnostics& diagnostics);
  void join_certificates(RoutingTable& table);
  std::shared_ptr<const CertificateIndex> certificate_index(const RoutingTable& table) const;
  void forget_unused_secrets(const model::Model& model);
  std::string digest(const RoutingTable& table);

  CompileOptions options;
  std::uint64_t generation = 0;
  std::uint64_t backend_revision = 0;
  BackendId default_backend = kNoBackend;
  Ids ids;
  PatternCache patterns;
  PolicyPool policies;
  CertificateStore certificates;
  TlsChoice tls;
  tls::CertificatePtr fake_certificate;
  std::vector<CachedHost> hosts;        // sorted by name
  std::vector<CachedBackend> backends;  // sorted by name
};

Compiler::Compiler(CompileOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Compiler::~Compiler() = default;

CompileResult Compiler::compile(const model::Model& model) {
  State& state = *state_;
  CompileResult result;
  auto table = std::make_shared<RoutingTable>();
  table->generation = ++state.generation;
  table->settings = model.settings ? model.settings : std::make_shared<const features::Settings>();
  table->health_check_path = state.options.health_check_path;
  table->http_port = state.options.http_port;
  table->https_port = state.options.https_port;
  table->default_backend = model.default_backend.empty() ? kNoBackend : state.ids.backend(model.default_backend);

  state.choose_default_certificate(model, *table, result.diagnostics);
  state.compile_hosts(model, *table, result.diagnostics);
  state.join_certificates(*table);
  table->hosts.reserve(state.hosts.size());
  for (const CachedHost& cached : state.hosts) table->hosts.push_back(cached.host);
  const CachedHost* catch_all = find_by_name(state.hosts, model::kCatchAll);
  table->catch_all = catch_all->host;
  table->index = std::make_shared<const HostIndex>(table->hosts, state.patterns);
  state.compile_backends(model, *table, result.diagnostics);
  state.compile_blocks(*table, result.diagnostics);
  if (std::string problem; !table->settings->compression.gzip_disable.empty() &&
                           !compile_search(table->settings->compression.gzip_disable, &problem)) {
    base::Diagnostic diagnostic;
    diagnostic.code = "gzip-disable-invalid";
    diagnostic.key = "gzip-disable";
    diagnostic.text = "is no regular expression (" + problem + "); it matches no client";
    result.diagnostics.push_back(std::move(diagnostic));
  }
  if (state.options.tls) table->tls_context = state.tls.context_for(*table->settings, result.diagnostics);
  table->hash = state.digest(*table);
  state.forget_unused_secrets(model);
  result.table = std::move(table);
  return result;
}

CachedHost Compiler::State::build(const model::Host& host, const IngressSet& denied,
                                  const tls::CertificatePtr& certificate_before) {
  BuiltHost built =
      build_host({host, default_backend, denied, certificate_before}, {options, ids, patterns, policies, certificates});
  CachedHost cached;
  cached.model = host;
  cached.bad = std::move(built.bad);
  cached.diagnostics = std::move(built.diagnostics);
  cached.host = std::move(built.host);
  return cached;
}

void Compiler::State::compile_hosts(const model::Model& model, RoutingTable& table, base::Diagnostics& diagnostics) {
  // A host without "/" got one that leads to the default backend.
  if (table.default_backend != default_backend) hosts.clear();
  default_backend = table.default_backend;

  std::vector<CachedHost> next;
  next.reserve(model.hosts.size() + 1);
  const IngressSet none;
  auto before = hosts.begin();  // both lists are sorted by name
  for (const model::Host& host : model.hosts) {
    while (before != hosts.end() && before->model.name < host.name) ++before;
    const bool known = before != hosts.end() && before->model.name == host.name;
    if (known && before->model == host) {
      next.push_back(std::move(*before++));
    } else {
      next.push_back(build(host, none, known ? before->host->certificate : nullptr));
    }
  }
  hosts = std::move(next);
  if (!find_by_name(hosts, model::kCatchAll)) {
    model::Host catch_all;
    catch_all.name = model::kCatchAll;
    hosts.insert(place_of(hosts, catch_all.name), build(catch_all, none, nullptr));
  }
  rebuild_denied();
  for (const CachedHost& cached : hosts) append(diagnostics, cached.diagnostics);
}

// An Ingress with a path that does not compile is denied on all its hosts (spec 0.5).
void Compiler::State::rebuild_denied() {
  IngressSet all;
  for (const CachedHost& cached : hosts) all.insert(cached.bad.begin(), cached.bad.end());
  for (CachedHost& cached : hosts) {
    IngressSet here;
    for (const model::Location& location : cached.model.locations) {
      if (all.empty()) break;
      const kube::ObjectName owner{location.owner.ns, location.owner.ingress};
      if (all.contains(owner)) here.insert(owner);
    }
    if (here == cached.denied) continue;
    CachedHost rebuilt = build(cached.model, here, cached.host->certificate);
    rebuilt.denied = std::move(here);
    cached = std::move(rebuilt);
  }
}

// Names are views into the hosts, so that the index is good as long as the table that holds both.
std::shared_ptr<const CertificateIndex> Compiler::State::certificate_index(const RoutingTable& table) const {
  auto index = std::make_shared<CertificateIndex>();
  auto owns = [](const CachedHost& cached) {
    if (cached.host->name == model::kCatchAll) return false;
    return cached.host->www_redirect_to.empty() ? cached.model.has_tls : cached.host->certificate != nullptr;
  };
  for (const CachedHost& cached : hosts) {
    if (owns(cached)) index->add(cached.host->name, {cached.host->certificate.get()});
  }
  for (const CachedHost& cached : hosts) {
    if (!owns(cached)) continue;
    const tls::Certificate* own = cached.host->certificate.get();
    const tls::Certificate* served = own ? own : table.default_certificate.get();
    for (const std::string& alias : cached.host->aliases) {
      if (served && served->covers(alias)) index->add(alias, {own});
    }
  }
  return index;
}

// What depends on other hosts: the certificate of a www redirect (spec 2.10), and whether a name has a certificate
// (spec 2.8: its own or one of "*.rest"). A host is copied only where the answer changed.
void Compiler::State::join_certificates(RoutingTable& table) {
  auto copied = [](CachedHost& cached) {
    auto copy = std::make_shared<Host>(*cached.host);
    cached.host = copy;
    cached.digest.reset();
    return copy;
  };
  for (CachedHost& cached : hosts) {
    if (cached.host->www_redirect_to.empty()) continue;
    const CachedHost* target = find_by_name(hosts, cached.host->www_redirect_to);
    tls::CertificatePtr certificate = target ? target->host->certificate : nullptr;
    if (certificate && !certificate->covers(cached.host->name)) certificate = nullptr;
    if (certificate != cached.host->certificate) copied(cached)->certificate = std::move(certificate);
  }
  std::vector<bool> has;
  {
    const auto index = certificate_index(table);
    for (const CachedHost& cached : hosts) has.push_back(index->find(cached.host->name) != nullptr);
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (has[i] != hosts[i].host->has_certificate) copied(hosts[i])->has_certificate = has[i];
  }
  table.certificate_index = certificate_index(table);
}

void Compiler::State::compile_backends(const model::Model& model, RoutingTable& table, base::Diagnostics& diagnostics) {
  std::vector<CachedBackend> next;
  next.reserve(model.backends.size());
  auto before = backends.begin();  // both lists are sorted by name
  for (const model::Backend& backend : model.backends) {
    while (before != backends.end() && before->model.name < backend.name) ++before;
    if (before != backends.end() && before->model == backend) {
      next.push_back(std::move(*before++));
      continue;
    }
    BuiltBackend built = build_backend(backend, ids, ++backend_revision);
    CachedBackend cached{backend, std::move(built.backend), std::move(built.diagnostics), {}};
    const bool has_canary = !backend.alternatives.empty();
    cached.digest = tls::sha256(backend_text(*cached.backend, has_canary ? backend.alternatives.front() : ""));
    next.push_back(std::move(cached));
  }
  backends = std::move(next);
  table.backends.resize(ids.backends());
  for (const CachedBackend& cached : backends) {
    table.backends[cached.backend->id] = cached.backend;
    append(diagnostics, cached.diagnostics);
  }
  // A location whose backend the model lacks answers 503, not the built-in 404.
  for (const CachedHost& cached : hosts) {
    for (std::size_t i = 0; i < cached.model.locations.size(); ++i) {
      const BackendId id = cached.host->locations[i].backend;
      if (id == kNoBackend || table.backends[id]) continue;
      auto empty = std::make_shared<Backend>();
      empty->id = id;
      empty->name = cached.model.locations[i].backend;
      table.backends[id] = std::move(empty);
    }
  }
}

// A list that does not compile keeps everybody out: whom it meant to keep out is not known.
void Compiler::State::compile_blocks(RoutingTable& table, base::Diagnostics& diagnostics) {
  const features::Settings& settings = *table.settings;
  if (settings.block_user_agents.empty() && settings.block_referers.empty()) return;
  auto blocks = std::make_shared<ClientBlocks>(settings.block_user_agents, settings.block_referers, patterns);
  const std::pair<const char*, const BlockList*> lists[] = {{"block-user-agents", &blocks->user_agents()},
                                                            {"block-referers", &blocks->referers()}};
  for (const auto& [key, list] : lists) {
    if (list->problem().empty()) continue;
    base::Diagnostic diagnostic;
    diagnostic.severity = base::Severity::error;
    diagnostic.code = "setting-denies";
    diagnostic.object.kind = "ConfigMap";
    diagnostic.key = key;
    diagnostic.text = list->problem() + "; everything answers 503 (" + key + "-invalid)";
    diagnostics.push_back(std::move(diagnostic));
  }
  table.blocks = std::move(blocks);
}

void Compiler::State::choose_default_certificate(const model::Model& model, RoutingTable& table,
                                                 base::Diagnostics& diagnostics) {
  if (!options.tls) return;
  if (model.default_certificate) {
    const kube::ObjectName name = model.default_certificate->meta.object_name();
    const CertificateStore::Loaded& loaded = certificates.load(name, model.default_certificate);
    table.default_certificate = loaded.certificate;
    if (!loaded.problem.empty()) {
      base::Diagnostic diagnostic;
      diagnostic.code = "certificate-broken";
      diagnostic.object = {"Secret", name.ns, name.name};
      diagnostic.key = "default-ssl-certificate";
      diagnostic.text = loaded.problem + (loaded.certificate ? "; the last good default certificate is served"
                                                             : "; a generated certificate is served");
      diagnostics.push_back(std::move(diagnostic));
    }
  }
  if (table.default_certificate || !options.generate_certificate) return;
  if (!fake_certificate) fake_certificate = tls::generate_fake_certificate();
  table.default_certificate = fake_certificate;
  table.default_certificate_generated = true;
}

void Compiler::State::forget_unused_secrets(const model::Model& model) {
  std::set<kube::ObjectName> used;
  if (model.default_certificate) used.insert(model.default_certificate->meta.object_name());
  for (const model::Host& host : model.hosts) {
    for (const model::TlsEntry& entry : host.tls) {
      if (!entry.secret.name.empty()) used.insert(entry.secret);
    }
  }
  certificates.keep_only(used);
}

// Over what to_text() prints, in its order, and over the ticket key, which it must not print.
std::string Compiler::State::digest(const RoutingTable& table) {
  std::string parts = head_text(table);
  auto add = [&parts](const tls::Sha256& part) { parts.append(part.begin(), part.end()); };
  for (CachedHost& cached : hosts) {
    if (!cached.digest) cached.digest = tls::sha256(host_text(table, *cached.host));
    add(*cached.digest);
  }
  for (const CachedBackend& cached : backends) add(cached.digest);
  if (!table.settings->ssl_session_ticket_key.empty()) add(tls::sha256(table.settings->ssl_session_ticket_key));
  return tls::to_hex(tls::sha256(parts));
}

}  // namespace weir::route
