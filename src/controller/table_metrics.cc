#include "table_metrics.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir::controller {

namespace {

using Series = std::vector<std::pair<observe::Labels, double>>;

const model::Host* find_host(const model::Model& model, const std::string& name) {
  const auto it = std::lower_bound(model.hosts.begin(), model.hosts.end(), name,
                                   [](const model::HostPtr& h, const std::string& n) { return h->name < n; });
  return it != model.hosts.end() && (*it)->name == name ? it->get() : nullptr;
}

// The Secret a host's certificate was read from: the entry that names the host, else the first with an object.
kube::ObjectName secret_of(const model::Host& host) {
  const model::TlsEntry* first = nullptr;
  for (const model::TlsEntry& entry : host.tls) {
    if (!entry.object) continue;
    if (std::find(entry.hosts.begin(), entry.hosts.end(), host.name) != entry.hosts.end()) return entry.secret;
    if (!first) first = &entry;
  }
  return first ? first->secret : kube::ObjectName();
}

// ssl_expire_time_seconds and ssl_certificate_info do not carry the constant labels (spec 8.1).
void report_certificates(const model::Model& model, const route::RoutingTable& table, observe::Metrics& metrics) {
  Series expire, info;
  const auto add = [&](const std::string& host, const kube::ObjectName& secret, const tls::Certificate& certificate) {
    observe::Labels labels{
        {"class", metrics.options().controller_class},
        {"host", host},
        {"identifier", (secret.name.empty() ? "" : kube::to_string(secret)) + "-" + certificate.serial()},
        {"namespace", secret.ns},
        {"secret_name", secret.name}};
    expire.emplace_back(labels, static_cast<double>(certificate.not_after()));
    labels.emplace_back("issuer_common_name", certificate.issuer_common_name());
    labels.emplace_back("issuer_organization", certificate.issuer_organization());
    labels.emplace_back("public_key_algorithm", certificate.key_algorithm());
    labels.emplace_back("serial_number", certificate.serial());
    std::sort(labels.begin(), labels.end());
    info.emplace_back(std::move(labels), 1);
  };
  for (const auto& host : table.hosts()) {
    if (!host->certificate) continue;
    const model::Host* from = find_host(model, host->name);
    add(host->name, from ? secret_of(*from) : kube::ObjectName(), *host->certificate);
  }
  if (table.default_certificate) {
    const kube::ObjectName secret =
        model.default_certificate ? model.default_certificate->meta.object_name() : kube::ObjectName();
    add(model::kCatchAll, secret, *table.default_certificate);
  }
  metrics.registry().replace("nginx_ingress_controller_ssl_expire_time_seconds", expire);
  metrics.registry().replace_moments("nginx_ingress_controller_ssl_certificate_expiry_seconds", expire);
  metrics.registry().replace("nginx_ingress_controller_ssl_certificate_info", info);
}

void report_orphans(const model::Model& model, observe::Metrics& metrics) {
  std::unordered_map<std::string_view, model::BackendState> states;
  states.reserve(model.backends.size());
  for (const model::BackendPtr& backend : model.backends) {
    // An ExternalName has no endpoints of its own and is no orphan.
    states.emplace(backend->name, backend->external_name.empty() ? backend->state : model::BackendState::ready);
  }
  struct Orphan {
    bool no_service = false;
    bool no_endpoints = false;
  };
  std::map<std::pair<std::string_view, std::string_view>, Orphan> orphans;  // by namespace and Ingress
  for (const model::HostPtr& host : model.hosts) {
    for (const model::Location& location : host->locations) {
      if (location.owner.ingress.empty()) continue;
      Orphan& orphan = orphans[{location.owner.ns, location.owner.ingress}];
      const auto state = states.find(location.backend);
      if (state == states.end()) continue;
      orphan.no_service |= state->second == model::BackendState::no_service;
      orphan.no_endpoints |= state->second == model::BackendState::no_endpoints;
    }
  }
  Series series;
  series.reserve(orphans.size() * 2);
  for (const auto& [name, orphan] : orphans) {
    const auto add = [&, &name = name](const char* type, bool value) {
      series.emplace_back(
          metrics.labels(
              {{"namespace", std::string(name.first)}, {"ingress", std::string(name.second)}, {"type", type}}),
          value ? 1 : 0);
    };
    add("no-service", orphan.no_service);
    add("no-endpoint", orphan.no_endpoints);
  }
  metrics.registry().replace("nginx_ingress_controller_orphan_ingress", series);
}

}  // namespace

void report_live_ingresses(const route::RoutingTable& table, observe::Metrics& metrics) {
  if (!metrics.options().requests.enabled) return;
  std::set<std::pair<std::string, std::string>> live;
  for (const auto& host : table.hosts()) {
    for (const route::Location& location : host->locations) live.emplace(location.ns, location.ingress);
  }
  metrics.requests().set_live_ingresses(live);
}

void report_table(const model::Model& model, const route::RoutingTable& table, bool hosts_changed,
                  observe::Metrics& metrics) {
  if (!metrics.options().requests.enabled) return;
  std::size_t locations = 0;
  for (const auto& host : table.hosts()) locations += host->locations.size();
  std::size_t backends = 0;
  std::size_t endpoints = 0;
  for (const auto& backend : table.backends) {
    if (!backend) continue;
    ++backends;
    endpoints += backend->endpoints.size();
  }
  const std::array<std::pair<const char*, std::size_t>, 4> sizes{
      {{"hosts", table.hosts().size()}, {"locations", locations}, {"backends", backends}, {"endpoints", endpoints}}};
  for (const auto& [kind, size] : sizes) {
    metrics.registry().set("weir_table_size", metrics.labels({{"kind", kind}}), static_cast<double>(size));
  }
  if (hosts_changed) report_certificates(model, table, metrics);
  report_orphans(model, metrics);
}

void report_diagnostics(const base::DiagnosticBook& book, observe::Metrics& metrics) {
  if (!metrics.options().requests.enabled) return;
  for (const base::Severity severity : {base::Severity::info, base::Severity::warning, base::Severity::error}) {
    metrics.registry().set("weir_diagnostics", metrics.labels({{"severity", to_string(severity)}}),
                           static_cast<double>(book.count(severity)));
  }
}

double hash_as_number(const std::string& hex) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < hex.size() && i < 13; ++i) {
    const char c = hex[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
    value = value * 16 + static_cast<std::uint64_t>(digit);
  }
  return static_cast<double>(value);
}

}  // namespace weir::controller
