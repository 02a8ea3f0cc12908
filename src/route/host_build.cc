#include "route/host_build.h"

#include "route/host_index.h"
#include "route/host_tls.h"
#include "route/path_entries.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace weir::route {
namespace {

constexpr const char* kPathReason = "path-regex-invalid";

std::shared_ptr<const LocationPolicies> policies_of(const model::Location& from, const IngressSet& denied,
                                                    PolicyPool& pool) {
  if (from.policies.deny.denied() || !denied.contains({from.owner.ns, from.owner.ingress})) {
    return pool.get(from.policies);
  }
  features::Policies policies = from.policies;
  policies.deny.reason = kPathReason;
  return pool.get(policies);
}

Location build_location(const model::Location& from, const model::Host& host, const IngressSet& denied,
                        const BuildTools& tools) {
  Location to(policies_of(from, denied, tools.policies));
  to.path = from.path;
  to.type = from.type == kube::PathType::exact ? PathType::exact : PathType::prefix;
  to.implicit = from.implicit;
  to.untouched_default = from.untouched_default;
  to.ns = from.owner.ns;
  to.ingress = from.owner.ingress;
  to.service = from.owner.service;
  to.service_port = from.owner.port;
  to.backend = from.backend.empty() ? kNoBackend : tools.ids.backend(from.backend);
  if (!from.error_backend.empty()) to.error_backend = tools.ids.backend(from.error_backend);
  to.used = from.used;
  to.id = tools.ids.location(host.name, to);
  const features::RewritePolicy& rewrite = to.policies.rewrite;
  to.rewrites = !rewrite.target.empty() && !(rewrite.target == to.path);
  const bool captures =
      (to.rewrites && (rewrite.target.uses_captures() || rewrite.forwarded_prefix.uses_captures())) ||
      (host.regex_mode && (to.policies.upstream_host.value.uses_captures() || to.policies.hash.by.uses_captures()));
  if (captures && !literal_prefix(to.path).whole) {
    if (auto pattern = tools.patterns.get(to.path)) to.capture = *pattern;
  }
  return to;
}

// Every host has a "/" in the original; a model without one still must answer.
void add_missing_root(Host& host, BackendId backend, const BuildTools& tools) {
  if (std::any_of(host.locations.begin(), host.locations.end(), is_root)) return;
  Location root(tools.policies.get({}));
  root.path = "/";
  root.implicit = true;
  root.untouched_default = true;
  root.backend = backend;
  root.id = tools.ids.location(host.name, root);
  host.locations.push_back(std::move(root));
}

// The Ingress whose server-alias list the host took over.
base::ObjectRef alias_owner(const model::Host& host, const std::string& alias) {
  for (const model::Location& location : host.locations) {
    const auto& names = location.policies.host_alias.names;
    if (std::find(names.begin(), names.end(), alias) == names.end()) continue;
    return {"Ingress", location.owner.ns, location.owner.ingress};
  }
  return {};
}

void add_aliases(const model::Host& from, Host& to, base::Diagnostics& diagnostics, PatternCache& patterns) {
  for (const std::string& alias : from.aliases) {
    const auto problem = alias_problem(alias, patterns);
    if (!problem) {
      to.aliases.push_back(alias);
      continue;
    }
    base::Diagnostic diagnostic;
    diagnostic.code = "server-alias-invalid";
    diagnostic.object = alias_owner(from, alias);
    diagnostic.key = "server-alias";
    diagnostic.text =
        "\"" + alias + "\" is skipped: " + *problem + "; host " + from.name + " is served by its other names only";
    diagnostics.push_back(std::move(diagnostic));
  }
}

void report_bad_paths(const std::vector<HostMatcher::BadPath>& bad, BuiltHost& built) {
  for (const HostMatcher::BadPath& path : bad) {
    const Location& location = built.host->locations[path.location];
    built.bad.insert({location.ns, location.ingress});
    base::Diagnostic diagnostic;
    diagnostic.code = kPathReason;
    diagnostic.object = {"Ingress", location.ns, location.ingress};
    diagnostic.key = "spec.rules";
    diagnostic.text = "host " + built.host->name + " is in regex mode and its path \"" + location.path +
                      "\" is no regular expression (" + path.problem + "); every path of this Ingress answers 503";
    built.diagnostics.push_back(std::move(diagnostic));
  }
}

// Once per Ingress: its locations have the same settings.
void report_problems(BuiltHost& built) {
  std::set<std::pair<std::string, std::string>> told;
  for (const Location& location : built.host->locations) {
    const std::string& problem = location.shared->problem;
    if (problem.empty() || !told.emplace(location.ns, location.ingress).second) continue;
    const std::size_t colon = problem.find(": ");
    base::Diagnostic diagnostic;
    diagnostic.code = "annotation-denies";
    diagnostic.object = {"Ingress", location.ns, location.ingress};
    diagnostic.key = problem.substr(0, colon);
    diagnostic.text = problem.substr(colon + 2) + "; its paths answer 503 (" + location.policies.deny.reason + ")";
    built.diagnostics.push_back(std::move(diagnostic));
  }
}

}  // namespace

BuiltHost build_host(const HostInput& input, const BuildTools& tools) {
  BuiltHost built;
  built.host = std::make_shared<Host>();
  Host& host = *built.host;
  host.name = input.host.name;
  host.regex_mode = input.host.regex_mode;
  host.app_root = input.host.app_root;
  host.www_redirect_to = input.host.www_redirect_to;
  add_aliases(input.host, host, built.diagnostics, tools.patterns);

  host.locations.reserve(input.host.locations.size() + 1);
  for (const model::Location& location : input.host.locations) {
    host.locations.push_back(build_location(location, input.host, input.denied, tools));
  }
  if (const auto root = input.host.passthrough; root && !host.locations.at(*root).policies.deny.denied()) {
    host.passthrough = static_cast<std::uint32_t>(*root);
  }
  add_missing_root(host, input.default_backend, tools);
  HostMatcher::Built matcher = HostMatcher::build(host, tools.patterns);
  host.matcher = std::move(matcher.matcher);
  report_bad_paths(matcher.bad, built);
  report_problems(built);
  add_host_tls(input.host, host, tools.patterns, built.diagnostics);

  // Rules without host get the default certificate (spec 2.9). A host that only redirects takes the certificate of its
  // target, once all hosts are compiled.
  const bool named = host.name != model::kCatchAll && host.www_redirect_to.empty();
  if (tools.options.tls && input.host.has_tls && named) {
    host.certificate = tools.certificates.choose(input.host, input.certificate_before, built.diagnostics);
  }
  return built;
}

}  // namespace weir::route
