#include "weir/route/compile.h"

#include "route/backend_build.h"
#include "route/certificate_store.h"
#include "route/client_blocks.h"
#include "route/host_cache.h"
#include "route/host_index.h"
#include "route/ids.h"
#include "route/table_text.h"
#include "route/tls_choice.h"
#include "weir/route/lookup.h"
#include "weir/tls/digest.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::route {
namespace {

struct CachedBackend {
  model::BackendPtr model;
  std::shared_ptr<const Backend> backend;
  base::Diagnostics diagnostics;
  tls::Sha256 digest{};
};

void append(base::Diagnostics& to, const base::Diagnostics& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// The stages of the table see the ConfigMap's values only; without its name nobody could be told by an Event.
void name_config_map(const kube::ObjectName& name, base::Diagnostics& diagnostics) {
  for (base::Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.object.kind != "ConfigMap" || !diagnostic.object.name.empty()) continue;
    diagnostic.object.ns = name.ns;
    diagnostic.object.name = name.name;
  }
}

// Who may log in is not printed, and counts.
std::string secrets_text(const Host& host) {
  std::string out;
  if (host.tls) out.append(host.tls->digest()).append(1, '\0');
  for (const Location& location : host.locations) {
    if (const auto& material = location.policies.proxy_ssl.material) {
      for (const std::string* text : {&material->certificate, &material->key, &material->ca, &material->crl}) {
        out.append(*text).append(1, '\0');
      }
    }
    if (!location.policies.auth.users) continue;
    for (const features::User& user : location.policies.auth.users->all) {
      out.append(user.name).append(1, '\0').append(user.hash).append(1, '\0');
    }
    out.append(1, '\n');
  }
  return out;
}

}  // namespace

struct Compiler::State {
  explicit State(CompileOptions given) : options(std::move(given)), policies(options) {}

  bool compile_backends(const model::Model& model);
  void compile_port_services(const model::Model& model);
  void add_missing_backends(RoutingTable& table);
  void compile_blocks(RoutingTable& table, base::Diagnostics& diagnostics);
  void choose_default_certificate(const model::Model& model, RoutingTable& table, base::Diagnostics& diagnostics);
  std::string digest(const RoutingTable& table, bool hosts_changed);

  CompileOptions options;
  std::uint64_t generation = 0;
  std::uint64_t backend_revision = 0;
  Ids ids;
  PatternCache patterns;
  PolicyPool policies;
  CertificateStore certificates;
  TlsChoice tls;
  tls::CertificatePtr fake_certificate;
  HostCache hosts;
  std::vector<model::BackendPtr> backend_models;               // of the newest table
  std::vector<CachedBackend> backends;                         // sorted by name
  std::vector<std::shared_ptr<const Backend>> backends_by_id;  // null where an id is unused
  base::Diagnostics backend_diagnostics;
  std::vector<model::PortService> port_service_models;  // of the newest table
  std::vector<PortService> port_services;
  bool has_host_tls = false;
  bool has_passthrough = false;
  bool lost_backends = false;   // one that the table before had is gone
  bool lacks_backends = false;  // a location's backend is not in the model
  tls::Sha256 hosts_digest{};
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
  const bool hosts_changed =
      state.hosts.update(model.hosts, table->default_backend, table->default_certificate,
                         {state.options, state.ids, state.patterns, state.policies, state.certificates});
  append(result.diagnostics, state.hosts.diagnostics());
  if (hosts_changed) {
    const HostList& hosts = *state.hosts.list();
    state.has_host_tls =
        std::any_of(hosts.begin(), hosts.end(), [](const std::shared_ptr<const Host>& host) { return host->tls; });
    state.has_passthrough = std::any_of(hosts.begin(), hosts.end(), [](const std::shared_ptr<const Host>& host) {
      return host->passthrough.has_value();
    });
  }
  table->has_host_tls = state.has_host_tls;
  table->has_passthrough = state.has_passthrough;
  table->host_list = state.hosts.list();
  table->catch_all = *std::lower_bound(
      table->hosts().begin(), table->hosts().end(), std::string_view(model::kCatchAll),
      [](const std::shared_ptr<const Host>& host, std::string_view name) { return host->name < name; });
  table->index = state.hosts.index();
  table->certificate_index = state.hosts.certificate_index();
  const bool backends_changed = state.compile_backends(model);
  append(result.diagnostics, state.backend_diagnostics);
  table->backends = state.backends_by_id;
  if (hosts_changed || backends_changed || state.lacks_backends) state.add_missing_backends(*table);
  state.compile_port_services(model);
  table->port_services = state.port_services;
  state.compile_blocks(*table, result.diagnostics);
  if (std::string problem; !table->settings->compression.gzip_disable.empty() &&
                           !compile_search(table->settings->compression.gzip_disable, &problem)) {
    base::Diagnostic diagnostic;
    diagnostic.code = "setting-invalid";
    diagnostic.object.kind = "ConfigMap";
    diagnostic.key = "gzip-disable";
    diagnostic.text = "is no regular expression (" + problem + "); it matches no client";
    result.diagnostics.push_back(std::move(diagnostic));
  }
  if (state.options.tls) table->tls_context = state.tls.context_for(*table->settings, result.diagnostics);
  table->hash = state.digest(*table, hosts_changed);
  result.table = std::move(table);
  if (state.options.config_map) name_config_map(*state.options.config_map, result.diagnostics);
  return result;
}

// Returns whether a backend came, went or changed.
bool Compiler::State::compile_backends(const model::Model& model) {
  lost_backends = false;
  if (backend_models == model.backends) return false;
  std::vector<CachedBackend> next;
  next.reserve(model.backends.size());
  backends_by_id.resize(ids.backends());
  auto before = backends.begin();  // both lists are sorted by name
  const auto drop_before = [&] {
    backends_by_id[before->backend->id] = nullptr;
    lost_backends = true;
    ++before;
  };
  for (const model::BackendPtr& backend : model.backends) {
    while (before != backends.end() && before->model != backend && before->model->name < backend->name) drop_before();
    if (before != backends.end() && (before->model == backend || *before->model == *backend)) {
      before->model = backend;
      next.push_back(std::move(*before++));
      continue;
    }
    BuiltBackend built = build_backend(*backend, ids, ++backend_revision);
    CachedBackend cached{backend, std::move(built.backend), std::move(built.diagnostics), {}};
    const bool has_canary = !backend->alternatives.empty();
    cached.digest = tls::sha256(backend_text(*cached.backend, has_canary ? backend->alternatives.front() : ""));
    backends_by_id.resize(std::max<std::size_t>(backends_by_id.size(), cached.backend->id + 1));
    backends_by_id[cached.backend->id] = cached.backend;
    next.push_back(std::move(cached));
    if (before != backends.end() && before->model->name == backend->name) ++before;
  }
  while (before != backends.end()) drop_before();
  backends = std::move(next);
  backend_models = model.backends;
  backend_diagnostics.clear();
  for (const CachedBackend& cached : backends) append(backend_diagnostics, cached.diagnostics);
  return true;
}

// Their backends have names that those of Ingresses may have as well: their ids are of other texts.
void Compiler::State::compile_port_services(const model::Model& model) {
  if (port_service_models == model.port_services) return;
  port_services.clear();
  for (const model::PortService& service : model.port_services) {
    model::Backend renamed = *service.backend;
    renamed.name.insert(0, "port-service/");
    const BuiltBackend built = build_backend(renamed, ids, ++backend_revision);
    built.backend->name = service.backend->name;
    port_services.push_back(
        {service.transport == model::Transport::udp, service.port, service.proxy_in, service.proxy_out, built.backend});
  }
  port_service_models = model.port_services;
}

// A location whose backend the model lacks answers 503, not the built-in 404. REQUIRES: hosts that changed have no
// digest yet; only they, or all after a backend went, can lack one.
void Compiler::State::add_missing_backends(RoutingTable& table) {
  const bool look_at_all = lost_backends || lacks_backends;
  lacks_backends = false;
  for (const CachedHostPtr& cached : hosts.hosts()) {
    if (cached->digest && !look_at_all) continue;
    for (std::size_t i = 0; i < cached->model->locations.size(); ++i) {
      const BackendId id = cached->host->locations[i].backend;
      if (table.find_backend(id) != nullptr || id == kNoBackend) continue;
      table.backends.resize(ids.backends());
      lacks_backends = true;
      auto empty = std::make_shared<Backend>();
      empty->id = id;
      empty->name = cached->model->locations[i].backend;
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
    certificates.keep(name);
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
  if (table.default_certificate || !options.fake_certificate) return;
  if (!fake_certificate) fake_certificate = options.fake_certificate();
  table.default_certificate = fake_certificate;
  table.default_certificate_generated = true;
}

// Over what to_text() prints, and over what it must not print: the ticket key and credentials. Each host and backend
// has a digest of its own, so that a change costs little.
std::string Compiler::State::digest(const RoutingTable& table, bool hosts_changed) {
  const auto add = [](std::string& parts, const tls::Sha256& part) { parts.append(part.begin(), part.end()); };
  if (hosts_changed) {
    std::string parts;
    parts.reserve(hosts.hosts().size() * sizeof(tls::Sha256));
    for (const CachedHostPtr& cached : hosts.hosts()) {
      if (!cached->digest) cached->digest = tls::sha256(host_text(table, *cached->host) + secrets_text(*cached->host));
      add(parts, *cached->digest);
    }
    hosts_digest = tls::sha256(parts);
  }
  std::string parts;
  parts.reserve(backends.size() * sizeof(tls::Sha256));
  for (const CachedBackend& cached : backends) add(parts, cached.digest);
  std::string all = head_text(table);
  add(all, hosts_digest);
  add(all, tls::sha256(parts));
  if (!table.settings->ssl_session_ticket_key.empty()) add(all, tls::sha256(table.settings->ssl_session_ticket_key));
  return tls::to_hex(tls::sha256(all));
}

}  // namespace weir::route
