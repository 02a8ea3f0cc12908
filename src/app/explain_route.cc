#include "explain_route.h"

#include "explain_backend.h"
#include "weir/base/ascii.h"
#include "weir/features/annotation_table.h"
#include "weir/route/lookup.h"

#include <algorithm>

namespace weir::app {
namespace {

std::string type_of(const route::Location& location) {
  return location.type == route::PathType::exact ? "exact" : "prefix";
}

std::string owner_of(const route::Location& location) {
  if (location.untouched_default) return "built-in default";
  std::string text = location.ns + "/" + location.ingress;
  if (!location.service.empty()) text += " -> " + location.service + ":" + location.service_port;
  if (location.implicit) text += " (implicit)";
  return text;
}

std::string host_text(const route::RoutingTable& table, const route::Host& host, const std::string& asked) {
  if (&host == table.catch_all.get()) return "_ (catch-all: no rule names \"" + asked + "\")";
  if (host.name == asked) return host.name;
  if (std::find(host.aliases.begin(), host.aliases.end(), asked) != host.aliases.end()) {
    return host.name + " (by its server-alias)";
  }
  return host.name + " (wildcard)";
}

// Where a setting of the location comes from.
std::string origin_of(const features::AnnotationRow& row, const route::Location& location,
                      const model::AcceptedSet& accepted) {
  const std::string key(row.key);
  if (location.used && location.used->contains(key)) return "annotation \"" + location.used->at(key) + "\"";
  if (!row.settings_key.empty() && accepted.settings &&
      accepted.settings->used.contains(std::string(row.settings_key))) {
    return "ConfigMap key " + std::string(row.settings_key);
  }
  return "default";
}

void show_shadowed(ExplainPage& page, const route::Host& host, const model::Model& model) {
  const auto found = std::find_if(model.hosts.begin(), model.hosts.end(),
                                  [&](const model::HostPtr& merged) { return merged->name == host.name; });
  if (found == model.hosts.end() || (*found)->shadowed.empty()) return;
  page.section("rules that lost before, when the Ingresses were merged");
  ExplainPage::Rows rows;
  for (const model::Shadowed& lost : (*found)->shadowed) {
    const model::Owner& owner = lost.owner;
    rows.push_back({(lost.type == kube::PathType::exact ? "exact " : "prefix ") + lost.path,
                    owner.ns + "/" + owner.ingress + " -> " + owner.service + ":" + owner.port, lost.reason});
  }
  page.table(rows);
}

bool has_rule_for(const kube::Ingress& ingress, const std::string& host) {
  if (ingress.rules.empty()) return host == model::kCatchAll;
  return std::any_of(ingress.rules.begin(), ingress.rules.end(), [&](const kube::IngressRule& rule) {
    return (rule.host.empty() ? model::kCatchAll : base::to_lower(rule.host)) == host;
  });
}

// They make no locations, so nothing else on the page names those that have no effect.
void show_canary_problems(ExplainPage& page, const route::Host& host, const View& view) {
  ExplainPage::Rows rows;
  for (const base::Diagnostic& told : view.diagnostics) {
    if (!told.code.starts_with("canary-")) continue;
    const auto found = view.accepted.ingresses.find({told.object.ns, told.object.name});
    if (found == view.accepted.ingresses.end() || !has_rule_for(*found->second->object, host.name)) continue;
    rows.push_back({told.object.ns + "/" + told.object.name, told.text});
  }
  if (rows.empty()) return;
  page.section("canary Ingresses of the host that have no effect, or not all of it");
  page.table(rows);
}

}  // namespace

void show_host(ExplainPage& page, const proxy::RequestContext& request) {
  page.line("host", host_text(*request.table, *request.host, request.head.host));
}

std::optional<std::string> passed_on(ExplainPage& page, const proxy::RequestContext& request) {
  const route::Host& host = *request.host;
  if (!request.connection->https || !host.passthrough || host.name != request.head.host) return std::nullopt;
  const route::Location& location = host.locations[*host.passthrough];
  const route::Backend* backend = request.table->find_backend(location.backend);
  page.line("TLS", "passed on unread (ssl-passthrough of " + location.ns + "/" + location.ingress +
                       "): the certificate and the answer are the backend's");
  page.section("upstream");
  page.line("backend", backend ? backend->name : "none");
  if (backend) show_endpoints(page, *backend);
  if (!location.policies.ip_access.admits(request.connection->address)) {
    return "the connection is closed: the host does not serve the client's address (address-not-allowed)";
  }
  if (backend && backend->usable()) return "the TLS connection is passed on to " + backend->name;
  return "the connection is closed: the backend has no endpoints (no-endpoints)";
}

void show_candidates(ExplainPage& page, const proxy::RequestContext& request, const View& view) {
  page.section(request.host->regex_mode ? "candidates (the host is in regex mode: first match in this order)"
                                        : "candidates (exact wins, then the longest prefix)");
  ExplainPage::Rows rows;
  for (const route::Candidate& candidate : route::explain_location(*request.lookup, *request.host, request.path)) {
    const route::Location& location = *candidate.location;
    rows.push_back(
        {candidate.wins ? "*" : " ", type_of(location) + " " + location.path, owner_of(location), candidate.reason});
  }
  page.table(rows);
  show_shadowed(page, *request.host, view.model);
  show_canary_problems(page, *request.host, view);
}

void show_settings(ExplainPage& page, const proxy::RequestContext& request, const model::AcceptedSet& accepted) {
  page.section("settings of the location");
  ExplainPage::Rows rows;
  for (const features::AnnotationRow& row : features::annotation_table()) {
    if (!row.print) continue;
    const std::string value = row.print(request.policies());
    rows.push_back({std::string(row.key), value.empty() ? "-" : value, origin_of(row, *request.location, accepted)});
  }
  page.table(rows);
}

}  // namespace weir::app
