#include "table_metrics.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace weir::controller {

namespace {

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

}  // namespace

void TableMetrics::take_hosts(const std::shared_ptr<const route::HostList>& hosts) {
  if (!metrics_.options().requests.enabled || hosts == live_hosts_) return;
  static const route::HostList none;
  const route::HostList& before = live_hosts_ ? *live_hosts_ : none;
  std::map<IngressName, bool> touched;  // whether it was live
  const auto count = [&](const route::Host& host, bool come) {
    for (const route::Location& location : host.locations) {
      const auto entry = live_.try_emplace({location.ns, location.ingress}, 0).first;
      touched.try_emplace(entry->first, entry->second != 0);
      if (come) {
        ++entry->second;
      } else {
        --entry->second;
      }
    }
  };
  // Both lists are sorted by name; a host that did not change is the same object.
  auto old = before.begin();
  for (const auto& host : *hosts) {
    for (; old != before.end() && (*old)->name < host->name; ++old) count(**old, false);
    const bool known = old != before.end() && (*old)->name == host->name;
    if (!known || *old != host) count(*host, true);
    if (known && *old != host) count(**old, false);
    if (known) ++old;
  }
  for (; old != before.end(); ++old) count(**old, false);
  live_hosts_ = hosts;

  observe::RequestMetrics::IngressNames come, gone;
  for (const auto& [name, was_live] : touched) {
    const auto entry = live_.find(name);
    if (entry->second != 0 && !was_live) come.push_back(name);
    if (entry->second != 0) continue;
    if (was_live) gone.push_back(name);
    live_.erase(entry);
  }
  if (!come.empty() || !gone.empty()) metrics_.requests().change_live_ingresses(come, gone);
}

void TableMetrics::take_lead(bool leads) {
  leads_ = leads;
  reported_hosts_ = nullptr;
}

// ssl_expire_time_seconds and ssl_certificate_info do not carry the constant labels (spec 8.1).
void TableMetrics::show(const std::string& host, const Shown& shown, bool there) {
  const tls::Certificate& certificate = *shown.certificate;
  observe::Labels labels{
      {"class", metrics_.options().controller_class},
      {"host", host},
      {"identifier", (shown.secret.name.empty() ? "" : kube::to_string(shown.secret)) + "-" + certificate.serial()},
      {"namespace", shown.secret.ns},
      {"secret_name", shown.secret.name}};
  observe::Labels info = labels;
  info.emplace_back("issuer_common_name", certificate.issuer_common_name());
  info.emplace_back("issuer_organization", certificate.issuer_organization());
  info.emplace_back("public_key_algorithm", certificate.key_algorithm());
  info.emplace_back("serial_number", certificate.serial());
  std::sort(info.begin(), info.end());
  auto& registry = metrics_.registry();
  const std::string prefix = "nginx_ingress_controller_ssl_";
  const auto end = static_cast<double>(certificate.not_after());
  if (there) {
    registry.set(prefix + "expire_time_seconds", labels, end);
    registry.set_moment(prefix + "certificate_expiry_seconds", labels, end);
    registry.set(prefix + "certificate_info", info, 1);
  } else {
    registry.remove(prefix + "expire_time_seconds", labels);
    registry.remove(prefix + "certificate_expiry_seconds", labels);
    registry.remove(prefix + "certificate_info", info);
  }
}

TableMetrics::Certificates TableMetrics::certificates_of(const model::Model& model,
                                                         const route::RoutingTable& table) const {
  Certificates now;
  if (!leads_) return now;
  for (const auto& host : table.hosts()) {
    if (!host->certificate) continue;
    const model::Host* from = find_host(model, host->name);
    now[{host->name, false}] = {host->certificate, from ? secret_of(*from) : kube::ObjectName()};
  }
  if (table.default_certificate) {
    const kube::ObjectName secret =
        model.default_certificate ? model.default_certificate->meta.object_name() : kube::ObjectName();
    now[{model::kCatchAll, true}] = {table.default_certificate, secret};
  }
  return now;
}

void TableMetrics::report_certificates(Certificates now) {
  // What ends goes first: a certificate that was only read anew has the labels it had.
  for (const auto& [key, shown] : certificates_) {
    const auto still = now.find(key);
    if (still == now.end() || still->second != shown) show(key.first, shown, false);
  }
  for (const auto& [key, shown] : now) {
    const auto before = certificates_.find(key);
    if (before == certificates_.end() || before->second != shown) show(key.first, shown, true);
  }
  certificates_ = std::move(now);
}

void TableMetrics::report_orphans(const model::Model& model) {
  std::unordered_map<std::string_view, model::BackendState> states;
  states.reserve(model.backends.size());
  for (const model::BackendPtr& backend : model.backends) {
    // An ExternalName has no endpoints of its own and is no orphan.
    states.emplace(backend->name, backend->external_name.empty() ? backend->state : model::BackendState::ready);
  }
  std::map<std::pair<std::string_view, std::string_view>, Orphan> now;
  for (const model::HostPtr& host : model.hosts) {
    for (const model::Location& location : host->locations) {
      if (location.owner.ingress.empty()) continue;
      Orphan& orphan = now[{location.owner.ns, location.owner.ingress}];
      const auto state = states.find(location.backend);
      if (state == states.end()) continue;
      orphan.no_service |= state->second == model::BackendState::no_service;
      orphan.no_endpoints |= state->second == model::BackendState::no_endpoints;
    }
  }
  const auto labels = [&](const IngressName& name, const char* type) {
    return metrics_.labels({{"namespace", name.first}, {"ingress", name.second}, {"type", type}});
  };
  constexpr const char* kFamily = "nginx_ingress_controller_orphan_ingress";
  const auto view = [](const IngressName& name) { return std::pair<std::string_view, std::string_view>(name); };
  const auto end = [&](const IngressName& name) {
    for (const char* type : {"no-service", "no-endpoint"}) metrics_.registry().remove(kFamily, labels(name, type));
  };
  auto before = orphans_.begin();  // both maps are in the order of names
  for (const auto& [name, orphan] : now) {
    for (; before != orphans_.end() && view(before->first) < name; before = orphans_.erase(before)) end(before->first);
    const bool known = before != orphans_.end() && view(before->first) == name;
    if (!known || before->second != orphan) {
      if (!known) before = orphans_.emplace_hint(before, IngressName(name), orphan);
      before->second = orphan;
      metrics_.registry().set(kFamily, labels(before->first, "no-service"), orphan.no_service ? 1 : 0);
      metrics_.registry().set(kFamily, labels(before->first, "no-endpoint"), orphan.no_endpoints ? 1 : 0);
    }
    ++before;
  }
  for (; before != orphans_.end(); before = orphans_.erase(before)) end(before->first);
}

void TableMetrics::report(const model::Model& model, const route::RoutingTable& table) {
  if (!metrics_.options().requests.enabled) return;
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
    metrics_.registry().set("weir_table_size", metrics_.labels({{"kind", kind}}), static_cast<double>(size));
  }
  if (table.host_list != reported_hosts_) report_certificates(certificates_of(model, table));
  reported_hosts_ = table.host_list;
  report_orphans(model);
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
