#include "weir/model/build.h"

#include "model/backend_table.h"
#include "model/host_names.h"
#include "model/host_table.h"
#include "model/order.h"
#include "model/report.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

base::Diagnostic on_owner(const AcceptedSet& accepted, Severity severity, std::string code, const Owner& owner,
                          std::string key, std::string text) {
  const auto found = accepted.ingresses.find({owner.ns, owner.ingress});
  if (found != accepted.ingresses.end()) {
    return diagnostic(severity, std::move(code), *found->second, std::move(key), std::move(text));
  }
  return diagnostic(severity, std::move(code), {kube::Ingress::kKind, owner.ns, owner.ingress}, std::move(key),
                    std::move(text));
}

// Once for each Ingress and backend, however many paths lead there.
void report_missing_services(const AcceptedSet& accepted, const kube::ClusterState& state, const Model& model,
                             base::Diagnostics& diagnostics) {
  std::vector<const std::string*> missing;  // sorted, like the backends
  for (const Backend& backend : model.backends) {
    if (backend.state == BackendState::no_service) missing.push_back(&backend.name);
  }
  if (missing.empty()) return;
  std::set<std::tuple<std::string, std::string, std::string>> told;
  for (const Host& host : model.hosts) {
    for (const Location& location : host.locations) {
      const auto at = std::lower_bound(missing.begin(), missing.end(), location.backend,
                                       [](const std::string* a, const std::string& b) { return *a < b; });
      if (at == missing.end() || **at != location.backend) continue;
      const Owner& owner = location.owner;
      if (!told.emplace(owner.ns, owner.ingress, location.backend).second) continue;
      diagnostics.push_back(on_owner(
          accepted, severity_of_missing(state.services, owner.ns), "service-missing", owner, "spec.rules.paths",
          "Service " + owner.ns + "/" + owner.service + " does not exist: its paths answer 503"));
    }
  }
}

std::shared_ptr<const features::SettingsResult> settings_of(const AcceptedSet& accepted) {
  if (accepted.settings) return accepted.settings;
  return std::make_shared<features::SettingsResult>(features::read_settings({}, {}));
}

}  // namespace

BuildResult build(const AcceptedSet& accepted, const kube::ClusterState& state, const Options& options) {
  BuildResult result;
  base::Diagnostics& diagnostics = result.diagnostics;
  const auto settings = settings_of(accepted);
  result.model.settings = {settings, &settings->settings};

  BackendTable backends(state, options);
  backends.add_default_backend(settings->settings.defaults.balance, diagnostics);
  result.model.default_backend = backends.name(BackendTable::kDefault);
  HostTable hosts(accepted, state, options, settings->settings, backends, diagnostics);

  const auto order = in_processing_order(accepted);
  const auto makes_hosts = [](const AcceptedPtr& ingress) { return !ingress->policies.canary.enabled; };
  for (const AcceptedPtr* ingress : order) {
    if (makes_hosts(*ingress)) hosts.take_catch_all(*ingress);
  }
  for (const AcceptedPtr* ingress : order) hosts.add(*ingress);
  for (const AcceptedPtr* ingress : order) {
    if (!makes_hosts(*ingress)) hosts.attach_canary(*ingress);
  }
  result.model.hosts = finish_hosts(hosts.finish(), diagnostics);
  result.model.backends = backends.finish(diagnostics);

  if (options.default_ssl_certificate) {
    result.model.default_certificate = state.find<kube::Secret>(*options.default_ssl_certificate);
    if (!result.model.default_certificate) {
      diagnostics.push_back(diagnostic(Severity::warning, "default-certificate-missing",
                                       ref_of<kube::Secret>(*options.default_ssl_certificate), "",
                                       "--default-ssl-certificate does not exist: a generated certificate is used"));
    }
  }
  report_missing_services(accepted, state, result.model, diagnostics);
  sort_by_object(diagnostics);
  return result;
}

}  // namespace weir::model
