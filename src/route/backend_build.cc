#include "route/backend_build.h"

#include "route/path_pattern.h"
#include "weir/route/hash_ring.h"

#include <algorithm>

namespace weir::route {
namespace {

std::string endpoint_text(const model::EndpointAddress& address) {
  const std::string ip = address.ip.to_string();
  return (address.ip.is_v4() ? ip : "[" + ip + "]") + ":" + std::to_string(address.port);
}

// Affinity, then hash-by, then load-balance, whose other names are round robin (spec 3.4).
Algorithm algorithm_of(const model::Backend& from) {
  if (from.affinity.cookie) {
    return from.affinity.persistent() ? Algorithm::sticky_persistent : Algorithm::sticky_balanced;
  }
  if (!from.hash.by.empty()) return from.hash.subset ? Algorithm::hash_subset : Algorithm::hash;
  if (from.balance.algorithm == "ewma") return Algorithm::ewma;
  if (from.balance.algorithm == "least_conn") return Algorithm::least_conn;
  return Algorithm::round_robin;
}

void add_balancing(Backend& backend) {
  // A legacy canary has no affinity of its own, but a cookie may name it.
  if (backend.affinity.cookie || backend.canary.enabled) backend.affinity_id = affinity_id(backend.name);
  if (backend.endpoints.empty()) return;
  switch (backend.algorithm) {
    case Algorithm::hash:
    case Algorithm::hash_subset:
    case Algorithm::sticky_balanced:
      backend.ring = std::make_shared<const HashRing>(ring_nodes(backend, backend.endpoints));
      return;
    case Algorithm::sticky_persistent:
      for (std::uint32_t i = 0; i < backend.endpoints.size(); ++i) {
        backend.affinity_keys.push_back({affinity_key(backend.name, backend.endpoints[i].text), i});
      }
      std::sort(backend.affinity_keys.begin(), backend.affinity_keys.end());
      return;
    case Algorithm::round_robin:
    case Algorithm::ewma:
    case Algorithm::least_conn:
      return;
  }
}

void add_canary_pattern(const model::Backend& from, BuiltBackend& built) {
  const std::string& pattern = from.canary.header_pattern;
  if (pattern.empty() || from.canary.header.empty() || !from.canary.header_value.empty()) return;
  auto compiled = PathPattern::compile(pattern, PathPattern::Case::exact);
  if (compiled) {
    built.backend->canary_pattern = *compiled;
    return;
  }
  base::Diagnostic diagnostic;
  diagnostic.code = "canary-pattern-invalid";
  diagnostic.object = {"Ingress", from.canary_owner.ns, from.canary_owner.name};
  diagnostic.key = "canary-by-header-pattern";
  diagnostic.text = "\"" + pattern + "\" is no regular expression (" + compiled.error().text() +
                    "): requests with the header go to the primary backend";
  built.diagnostics.push_back(std::move(diagnostic));
}

}  // namespace

BuiltBackend build_backend(const model::Backend& from, Ids& ids, std::uint64_t revision) {
  BuiltBackend built{std::make_shared<Backend>(), {}};
  Backend& to = *built.backend;
  to.id = ids.backend(from.name);
  to.revision = revision;
  to.name = from.name;
  to.ns = from.ns;
  to.service = from.service;
  to.port = from.port;
  to.external_name = from.external_name;
  to.external_port = from.external_port;
  to.balance = from.balance;
  to.hash = from.hash;
  to.affinity = from.affinity;
  to.canary = from.canary;
  to.algorithm = algorithm_of(from);
  if (!from.alternatives.empty()) to.alternative = ids.backend(from.alternatives.front());
  to.endpoints.reserve(from.endpoints.size());
  for (const model::EndpointAddress& address : from.endpoints) {
    to.endpoints.push_back({ids.endpoint(address.ip, address.port), address.ip, address.port, endpoint_text(address)});
  }
  add_balancing(to);
  add_canary_pattern(from, built);
  return built;
}

}  // namespace weir::route
