#include "inspection.h"

#include "explain.h"
#include "nginx_text.h"
#include "version.h"
#include "weir/base/ascii.h"
#include "weir/features/annotation_table.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace weir::app {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t kPage = 200;  // hosts or backends in one answer
constexpr std::int64_t kDay = 24 * 3600;

// The query of a target; a repeated name keeps all its values.
using Query = std::multimap<std::string, std::string>;

int hex(char c) {
  c = base::to_lower(c);
  if (base::is_digit(c)) return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Query query_of(std::string_view target) {
  Query query;
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return query;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equal = std::min(pair.find('='), pair.size());
    query.emplace(decoded(pair.substr(0, equal)), decoded(pair.substr(std::min(equal + 1, pair.size()))));
  }
  return query;
}

std::string value_of(const Query& query, const std::string& name, const std::string& otherwise = "") {
  const auto found = query.find(name);
  return found == query.end() ? otherwise : found->second;
}

class Inspector {
 public:
  Inspector(const View& view, std::int64_t now) : view_(view), now_(now) {
    for (const model::HostPtr& host : view.model.hosts) hosts_[host->name] = host.get();
    for (const auto& host : view.table.hosts()) {
      if (host->passthrough) unread_.insert(host->locations[*host->passthrough].backend);
    }
  }

  json overview() const;
  json hosts(const Query& query) const;
  json backends(const Query& query) const;
  json port_services() const;
  json certificates() const;
  json diagnostics(const Query& query) const;

 private:
  json host(const route::Host& host) const;
  json location(const route::Location& location) const;
  json policies(const route::Location& location) const;
  json certificate(const tls::Certificate& certificate) const;
  json backend(const route::Backend& backend) const;
  std::size_t count(base::Severity severity) const;

  const View& view_;
  std::int64_t now_;
  std::map<std::string, const model::Host*> hosts_;
  std::set<route::BackendId> unread_;  // they take TLS connections as they are
};

std::size_t Inspector::count(base::Severity severity) const {
  return static_cast<std::size_t>(std::count_if(view_.diagnostics.begin(), view_.diagnostics.end(),
                                                [severity](const auto& d) { return d.severity == severity; }));
}

json Inspector::overview() const {
  std::size_t locations = 0, endpoints = 0, backends = 0, certificates = 0;
  for (const auto& host : view_.table.hosts()) {
    locations += host->locations.size();
    certificates += host->certificate ? 1 : 0;
  }
  for (const auto& backend : view_.table.backends) {
    if (!backend) continue;
    ++backends;
    endpoints += backend->endpoints.size();
  }
  return {{"version", version_text()},
          {"generation", view_.table.generation},
          {"hash", view_.table.hash},
          {"ingresses", view_.accepted.ingresses.size()},
          {"notServed", view_.accepted.not_served.size()},
          {"hosts", view_.table.hosts().size()},
          {"paths", locations},
          {"backends", backends},
          {"endpoints", endpoints},
          {"certificates", certificates},
          {"errors", count(base::Severity::error)},
          {"warnings", count(base::Severity::warning)}};
}

json Inspector::certificate(const tls::Certificate& certificate) const {
  return {{"names", certificate.names()},
          {"notAfter", certificate.not_after()},
          {"daysLeft", (certificate.not_after() - now_) / kDay},
          {"issuer", certificate.issuer_common_name()},
          {"serial", certificate.serial()},
          {"key", certificate.key_algorithm()}};
}

json Inspector::policies(const route::Location& location) const {
  static const features::Policies defaults;
  json all = json::array();
  for (const features::AnnotationRow& row : features::annotation_table()) {
    if (!row.print) continue;
    const std::string value = row.print(location.policies);
    const std::string key(row.key);
    const bool written = location.used && location.used->contains(key);
    if (!written && value == row.print(defaults)) continue;
    all.push_back({{"key", key}, {"value", value}, {"origin", written ? "annotation" : "ConfigMap"}});
  }
  return all;
}

json Inspector::location(const route::Location& location) const {
  json out{{"path", location.path},       {"type", location.type == route::PathType::exact ? "Exact" : "Prefix"},
           {"namespace", location.ns},    {"ingress", location.ingress},
           {"service", location.service}, {"port", location.service_port}};
  if (location.implicit || location.untouched_default) out["implicit"] = true;
  if (location.policies.deny.denied()) out["denied"] = location.policies.deny.reason;
  const route::Backend* backend = view_.table.find_backend(location.backend);
  out["backend"] = backend ? backend->name : "";
  json endpoints = json::array();
  if (backend) {
    for (const route::Endpoint& endpoint : backend->endpoints) endpoints.push_back(endpoint.text);
    if (!backend->external_name.empty()) out["externalName"] = backend->external_name;
  }
  out["endpoints"] = std::move(endpoints);
  out["policies"] = policies(location);
  return out;
}

json Inspector::host(const route::Host& host) const {
  json out{{"name", host.name}, {"aliases", host.aliases}, {"regex", host.regex_mode}};
  if (!host.www_redirect_to.empty()) out["redirectsTo"] = host.www_redirect_to;
  if (!host.app_root.empty()) out["appRoot"] = host.app_root.source();
  if (host.passthrough) {
    const route::Backend* backend = view_.table.find_backend(host.locations[*host.passthrough].backend);
    out["passthrough"] = backend ? backend->name : "";
  }
  if (host.certificate) {
    out["certificate"] = certificate(*host.certificate);
  } else if (host.has_certificate) {
    out["certificate"] = "default";
  }
  json paths = json::array();
  for (const route::Location& one : host.locations) paths.push_back(location(one));
  out["paths"] = std::move(paths);
  json shadowed = json::array();
  if (const auto from = hosts_.find(host.name); from != hosts_.end()) {
    for (const model::Shadowed& lost : from->second->shadowed) {
      shadowed.push_back({{"path", lost.path},
                          {"type", lost.type == kube::PathType::exact ? "Exact" : "Prefix"},
                          {"namespace", lost.owner.ns},
                          {"ingress", lost.owner.ingress},
                          {"service", lost.owner.service},
                          {"reason", lost.reason}});
    }
  }
  out["shadowed"] = std::move(shadowed);
  return out;
}

// ?host=NAME: that host only; ?search=TEXT: names that hold the text; ?offset=N.
json Inspector::hosts(const Query& query) const {
  const std::string name = base::to_lower(value_of(query, "host"));
  const std::string search = base::to_lower(value_of(query, "search"));
  const std::size_t offset = static_cast<std::size_t>(base::parse_int(value_of(query, "offset", "0")).value_or(0));
  std::size_t found = 0;
  json list = json::array();
  for (const auto& one : view_.table.hosts()) {
    if (!name.empty() && one->name != name) continue;
    if (!search.empty() && one->name.find(search) == std::string::npos) continue;
    if (found++ < offset || list.size() >= kPage) continue;
    list.push_back(host(*one));
  }
  return {{"total", found}, {"offset", offset}, {"hosts", std::move(list)}};
}

// The members that the kubectl plugin of ingress-nginx reads are named as there.
json Inspector::backend(const route::Backend& backend) const {
  json endpoints = json::array();
  for (const route::Endpoint& endpoint : backend.endpoints) {
    endpoints.push_back({{"address", endpoint.ip.to_string()}, {"port", std::to_string(endpoint.port)}});
  }
  json out{{"name", backend.name},
           {"namespace", backend.ns},
           {"service", backend.service},
           {"port", backend.port},
           {"sslPassthrough", unread_.contains(backend.id)},
           {"endpoints", std::move(endpoints)},
           {"noServer", false}};
  if (!backend.external_name.empty()) out["externalName"] = backend.external_name;
  if (!backend.balance.algorithm.empty()) out["load-balance"] = backend.balance.algorithm;
  return out;
}

json Inspector::backends(const Query& query) const {
  const std::string name = value_of(query, "name");
  std::vector<const route::Backend*> sorted;
  for (const auto& one : view_.table.backends) {
    if (one && (name.empty() || one->name == name)) sorted.push_back(one.get());
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  json list = json::array();
  for (const route::Backend* one : sorted) list.push_back(backend(*one));
  return list;
}

// TCP and UDP services: ports of their own.
json Inspector::port_services() const {
  json list = json::array();
  for (const route::PortService& service : view_.table.port_services) {
    json entry = backend(*service.backend);
    entry.erase("sslPassthrough");
    entry.erase("noServer");
    entry["protocol"] = service.udp ? "UDP" : "TCP";
    entry["listen"] = service.port;
    if (!service.udp) {
      entry["proxyIn"] = service.proxy_in;
      entry["proxyOut"] = service.proxy_out;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

json Inspector::certificates() const {
  json list = json::array();
  const auto add = [&](const std::string& host, const tls::Certificate& one) {
    json entry = certificate(one);
    entry["host"] = host;
    list.push_back(std::move(entry));
  };
  if (view_.table.default_certificate) add(model::kCatchAll, *view_.table.default_certificate);
  for (const auto& host : view_.table.hosts()) {
    if (host->certificate) add(host->name, *host->certificate);
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const json& a, const json& b) { return a["notAfter"] < b["notAfter"]; });
  return list;
}

// ?severity=error: those only.
json Inspector::diagnostics(const Query& query) const {
  const std::string severity = value_of(query, "severity");
  json list = json::array();
  for (const base::Diagnostic& one : view_.diagnostics) {
    if (!severity.empty() && severity != to_string(one.severity)) continue;
    list.push_back({{"severity", to_string(one.severity)},
                    {"code", one.code},
                    {"kind", one.object.kind},
                    {"namespace", one.object.ns},
                    {"name", one.object.name},
                    {"key", one.key},
                    {"text", one.text}});
  }
  return list;
}

InspectionAnswer as_json(const json& value) {
  // Objects may hold bytes that are no UTF-8; they are shown as replacement characters.
  return {200, "application/json", value.dump(1, ' ', false, json::error_handler_t::replace) + "\n"};
}

InspectionAnswer as_text(int status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body)};
}

InspectionAnswer explained(const View& view, const model::Options& options, const Query& query) {
  ExplainRequest request;
  request.method = value_of(query, "method", "GET");
  request.url = value_of(query, "url");
  const auto [first, last] = query.equal_range("header");
  for (auto field = first; field != last; ++field) request.fields.push_back(field->second);
  const base::Result<std::string> text = explain(view, options, request);
  return text ? as_text(200, *text) : as_text(400, text.error().text() + "\n");
}

InspectionAnswer configuration(const View& view, const Query& query) {
  const std::string host = base::to_lower(value_of(query, "host"));
  const std::optional<std::string> text = nginx_text(view.table, host);
  return text ? as_text(200, *text) : as_text(404, "no host " + host + " is served\n");
}

}  // namespace

InspectionAnswer inspect(const View& view, const model::Options& options, std::string_view target, std::int64_t now) {
  const std::string_view path = target.substr(0, target.find('?'));
  const Query query = query_of(target);
  const Inspector inspector(view, now);
  if (path == "/api/v1/overview") return as_json(inspector.overview());
  if (path == "/api/v1/hosts") return as_json(inspector.hosts(query));
  if (path == "/api/v1/backends") return as_json(inspector.backends(query));
  if (path == "/api/v1/streams") return as_json(inspector.port_services());
  if (path == "/api/v1/certificates") return as_json(inspector.certificates());
  if (path == "/api/v1/diagnostics") return as_json(inspector.diagnostics(query));
  if (path == "/api/v1/explain") return explained(view, options, query);
  if (path == "/api/v1/config") return configuration(view, query);
  return as_text(404, "no such path; see docs/inspection-api.md\n");
}

}  // namespace weir::app
