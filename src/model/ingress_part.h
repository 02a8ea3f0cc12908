// What one accepted Ingress takes part in: hosts, backends, objects it depends on. From it follows what has to be built
// again when the Ingress, or one of those objects, changes. Pure; a value.
#pragma once

#include "weir/kube/cluster_state.h"
#include "weir/model/accept.h"
#include "weir/model/model.h"
#include "weir/model/options.h"

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::model {

// A Service port as rules refer to it: number 80 and name "http" of one Service are two backends (spec 2.7).
struct BackendKey {
  std::string ns;
  std::string service;
  kube::PortRef port;   // the number counts only without a name
  bool errors = false;  // of a default-backend annotation: the Service's first port (spec 4.7); `port` is empty

  static BackendKey of(const std::string& ns, const kube::IngressBackend& reference);
  bool is_default() const { return service.empty(); }  // the default backend, or the built-in 404
  bool operator==(const BackendKey&) const = default;
  std::strong_ordering operator<=>(const BackendKey& other) const;
};

// Upstream-scoped settings (spec 1, scope U) an Ingress brings to a backend it refers to; canaries included (spec 3.1).
struct BackendClaim {
  BackendKey key;
  bool overwrites = false;  // it names the backend as defaultBackend
};

struct IngressPart {
  AcceptedPtr accepted;
  std::vector<std::string> hosts;          // it has rules for, each once; "_" for those without a host
  std::vector<BackendClaim> claims;        // each key once or twice
  std::vector<kube::ObjectName> secrets;   // whose change is a change of the Ingress
  std::vector<kube::ObjectName> services;  // the same; those of its rules are not among them
  bool only_default_backend = false;       // takes "/" of "_" (spec 2.2)
};

IngressPart part_of(const AcceptedPtr& ingress);
// What is wrong with it whichever other Ingresses there are.
base::Diagnostics problems_of(const IngressPart& part, const kube::ClusterState& state);

// The model's name of a rule's host; nullopt: it is none.
std::optional<std::string> host_name_of(const kube::IngressRule& rule);

}  // namespace weir::model
