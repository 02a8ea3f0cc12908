// The backends that rules refer to: who refers to each, its name, and which Ingress' upstream-scoped settings it takes
// (spec 1, scope U). Part of the Builder's state; kept up to date Ingress by Ingress. One thread.
#pragma once

#include "model/ingress_part.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir::model {

// The upstream's name in logs and metrics for --default-backend-service and the built-in 404.
inline constexpr const char* kDefaultBackendName = "upstream-default-backend";

struct HostEntry;

struct BackendEntry {
  struct Claim {
    AcceptedPtr ingress;
    bool overwrites = false;
  };

  BackendKey key;
  std::vector<Claim> claims;
  std::set<HostEntry*> users;                      // hosts with a location that leads there
  std::vector<BackendEntry*> alternatives;         // its canaries, oldest first (spec 3.1)
  bool is_alternative = false;                     // of any other
  std::optional<features::AffinityPolicy> sticky;  // taken over from a backend whose canary it is
  std::string name;                                // Backend::name; of the default backend: empty is the built-in 404
  BackendPtr backend;                              // null: not resolved yet
  bool told_missing = false;                       // there is a diagnostic about its missing Service

  bool is_used() const { return !users.empty() || is_alternative; }  // else it is no part of the model
};

class BackendTable {
 public:
  BackendEntry& default_backend() { return default_; }
  // The entry of `key`, made when it is new.
  BackendEntry& entry(const BackendKey& key);
  const std::vector<BackendEntry*>& of_service(const kube::ObjectName& service) const;
  // All, by key: those of one namespace are neighbours.
  std::map<BackendKey, BackendEntry>& entries() { return entries_; }

  void claim(const IngressPart& part);
  void unclaim(const IngressPart& part);
  // Whose balancing, hashing and canary rules count: the oldest Ingress with a rule to the backend decides, except that
  // every one naming it as defaultBackend overwrites that (spec 1). nullptr: nobody's.
  static const AcceptedIngress* decider_of(const BackendEntry& entry);
  // Affinity: the first mode counts, the cookie's details are those of the last Ingress that asks for one.
  static features::AffinityPolicy affinity_of(const BackendEntry& entry);

  // To be called when is_used() changed. Returns the entries whose name is another one
  // now.
  std::vector<BackendEntry*> settle_name(BackendEntry& entry);
  // Removes the entry if nothing refers to it any more.
  void forget_if_unused(BackendEntry& entry);

 private:
  void take_name(BackendEntry& entry, std::string name, std::vector<BackendEntry*>& renamed);

  BackendEntry default_;
  std::map<BackendKey, BackendEntry> entries_;
  std::unordered_map<std::string, std::vector<BackendEntry*>> by_service_;     // "namespace/service"
  std::unordered_map<std::string, std::vector<BackendEntry*>> by_plain_name_;  // used ones, by key
  std::unordered_map<std::string, BackendEntry*> by_name_;                     // used ones
};

}  // namespace weir::model
