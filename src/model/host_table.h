// Hosts and locations while Ingresses are merged (spec 2.2): implicit "/", taking over, first one wins. Ingresses are
// added in processing order. Used within one build only.
#pragma once

#include "model/backend_table.h"
#include "model/order.h"
#include "weir/model/build.h"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::model {

// Where a location leads, while its Location is being made.
struct LocationTargets {
  BackendTable::Id backend = BackendTable::kDefault;
  BackendTable::Id errors = BackendTable::kDefault;  // of default-backend
};

// A host and what is known about it besides the model's part.
struct HostDraft {
  std::size_t index = 0;
  Host host;
  std::vector<LocationTargets> targets;          // of host.locations, until these are sorted
  const AcceptedIngress* alias_owner = nullptr;  // whose server-alias counts
  const AcceptedIngress* www_owner = nullptr;    // non-null: from-to-www-redirect is on
  std::string deny_reason;                       // non-empty: a setting that guards the whole host closes it
};

class HostTable {
 public:
  // Makes "_" with its untouched "/" to the default backend.
  HostTable(const AcceptedSet& accepted, const kube::ClusterState& state, const Options& options,
            const features::Settings& settings, BackendTable& backends, base::Diagnostics& diagnostics);

  // First round: an Ingress with only a defaultBackend takes "/" of "_" over.
  void take_catch_all(const AcceptedPtr& ingress);
  // Second round: hosts and paths of the rules; of a canary Ingress only that it refers to backends.
  void add(const AcceptedPtr& ingress);
  // Third round: the backends of a canary Ingress become alternatives (spec 3.1; canaries.cc).
  void attach_canary(const AcceptedPtr& ingress);
  // Locations in the original's list order, then what depends on all of them. Call once, last.
  std::deque<HostDraft> finish();

 private:
  struct PathKey {
    std::size_t host;
    kube::PathType type;
    std::string_view path;  // in an Ingress object, or a literal
    bool operator==(const PathKey&) const = default;
  };
  struct PathKeyHash {
    std::size_t operator()(const PathKey& key) const;
  };
  struct CanaryRule;
  void claim_canary(const AcceptedIngress& ingress);
  void attach_canary_rule(const AcceptedIngress& ingress, HostDraft& draft, const CanaryRule& rule);
  void attach_canary_to(const AcceptedIngress& ingress, const CanaryRule& rule, const std::string& place,
                        BackendTable::Id primary);
  // The host of a rule, made when it is new; nullptr: the name is none.
  HostDraft* host_of(const AcceptedPtr& ingress, const kube::IngressRule& rule);
  void merge_host_settings(const AcceptedPtr& ingress, const std::vector<TlsEntry>& tls, HostDraft& draft);
  std::vector<TlsEntry> tls_of(const AcceptedIngress& ingress);
  LocationTargets targets_of(const AcceptedIngress& ingress, BackendTable::Id backend);
  void add_path(const AcceptedPtr& ingress, HostDraft& draft, const kube::IngressPath& path, BackendTable::Id backend);
  void add_shadowed(const AcceptedIngress& loser, Host& host, std::string_view path, const Location& winner,
                    Owner owner);
  bool has_canary_annotation(const kube::ObjectName& ingress) const;
  Location make_location(const AcceptedPtr& ingress, std::string path, kube::PathType type) const;
  features::Policies policies_of(const AcceptedIngress& ingress, std::string_view path) const;
  void deny_all(features::Policies& policies) const;
  void finish_host(HostDraft& draft) const;

  const AcceptedSet& accepted_;
  const kube::ClusterState& state_;
  const features::Settings& settings_;
  BackendTable& backends_;
  const std::string canary_key_;
  base::Diagnostics& diagnostics_;
  std::deque<HostDraft> drafts_;                                     // [0] is "_"; never moves an element
  std::unordered_map<std::string_view, HostDraft*> by_name_;         // views into the drafts
  std::unordered_map<PathKey, std::size_t, PathKeyHash> locations_;  // index into the host's locations
};

}  // namespace weir::model
