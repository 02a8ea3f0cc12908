// The backends that rules refer to, while Ingresses are merged: one per (namespace, service, port as written), its
// name, and which Ingress' upstream-scoped settings it takes (spec 1, scope U). Used within one build only.
#pragma once

#include "model/endpoints.h"
#include "weir/model/build.h"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::model {

// The upstream's name in logs and metrics for --default-backend-service and the built-in 404.
inline constexpr const char* kDefaultBackendName = "upstream-default-backend";

class BackendTable {
 public:
  using Id = std::size_t;
  // The default backend, or the built-in 404 where there is none.
  static constexpr Id kDefault = static_cast<Id>(-1);

  BackendTable(const kube::ClusterState& state, const Options& options);

  // The backend of a reference in namespace `ns`; made when it is new.
  Id refer(const std::string& ns, const kube::IngressBackend& reference);
  // The Service of a default-backend annotation, by its first port (spec 4.7). REQUIRES: it exists.
  Id refer_error_backend(const kube::Service& service);
  // Balancing, hashing and canary rules: the oldest Ingress with a rule to the backend decides ...
  void claim(Id id, const AcceptedIngress& ingress);
  // ... except that every one naming it as defaultBackend overwrites that (spec 1).
  void overwrite(Id id, const AcceptedIngress& ingress);
  // Affinity: the first type and mode count, the cookie's details are those of the last Ingress that asks for one.
  void merge_affinity(Id id, const features::AffinityPolicy& affinity);
  // `canary` gets requests of `primary` (spec 3.1); with sticky, its sessions too. false: another canary comes first.
  bool add_alternative(Id primary, Id canary, bool sticky);
  // Spec 3.1 (3): a canary backend whose rule found no primary; later rules to it are void.
  void discard(Id id) { entries_[id].discarded = true; }
  bool is_discarded(Id id) const { return entries_[id].discarded; }
  // Is it served with the settings of this Ingress?
  bool is_canary(Id id) const { return entries_[id].backend.canary.enabled; }
  // A location leads there; the others do not become part of the model.
  void use(Id id);

  // --default-backend-service: its first port. Without ready endpoints the built-in 404 answers (spec 2.7).
  void add_default_backend(const features::BalancePolicy& balance, base::Diagnostics& diagnostics);

  // Gives each used backend its name. After the last use(), before name() and finish().
  void settle_names();
  // Backend::name; empty: the built-in 404.
  const std::string& name(Id id) const { return id == kDefault ? default_name_ : entries_[id].backend.name; }
  // The used ones, resolved and sorted by name. Call once, last.
  std::vector<Backend> finish(base::Diagnostics& diagnostics);

 private:
  struct Key {
    std::string_view ns;
    std::string_view service;
    std::string_view port_name;
    int port_number;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    Backend backend;
    kube::PortRef port;
    std::vector<Id> alternatives;
    bool serves_errors = false;  // named custom-default-backend-...
    bool claimed = false;
    bool used = false;
    bool discarded = false;
  };

  const kube::ClusterState& state_;
  const Options& options_;
  std::deque<Entry> entries_;
  std::vector<Entry*> used_;      // sorted by name once names are settled
  std::vector<Backend> default_;  // the default backend, if there is one
  std::string default_name_;
  std::unordered_map<Key, Id, KeyHash> ids_;  // views into the Ingress objects
  std::map<kube::ObjectName, Id> error_backends_;
};

}  // namespace weir::model
