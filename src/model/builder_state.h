// The state of a Builder and the steps of an update: which hosts an Ingress takes part in, which backends it refers to,
// which objects they depend on. A step marks what later steps have to do again. One thread.
#pragma once

#include "model/backend_table.h"
#include "model/host_entry.h"
#include "model/host_merge.h"
#include "model/slice_index.h"
#include "weir/model/build.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

namespace weir::model {

struct Builder::State {
  struct Input {
    const AcceptedSet& accepted;
    const kube::ClusterState& state;
    const kube::Changes& changes;
    base::DiagnosticBook& book;
  };

  explicit State(Options given) : options(std::move(given)) {}
  void update(const Input& input);

  const Options options;
  Model model;

  // --- of the Builder's own files only
  // What an update has to do, found step by step.
  struct Work {
    std::set<kube::ObjectName> ingresses;                 // whose own problems are to be looked at again
    std::set<std::string> hosts;                          // to be merged
    std::map<std::string, std::shared_ptr<Host>> edited;  // hosts that may be other than in the model
    std::set<kube::ObjectName> services;                  // they or their slices may be other
    std::set<BackendEntry*> backends;                     // to be resolved
    std::set<BackendEntry*> missing;                      // whose missing Service is to be told about, or no more
    std::map<std::string, HostPtr> changed_hosts;         // null: removed
    std::map<std::string, BackendPtr> changed_backends;
    bool host_names_changed = false;  // aliases and redirects are to be settled again
  };

  void start_over(const Input& input, Work& work);
  void take_ingresses(const Input& input, Work& work);
  void take_secrets(const Input& input, Work& work);
  void take_services(const Input& input, Work& work);
  void tell_problems(const Input& input, const Work& work);
  void remove_part(const kube::ObjectName& name, Work& work);
  void add_part(const AcceptedPtr& ingress, Work& work);
  HostEntry& host_entry(const std::string& name, Work& work);
  void merge_hosts(const Input& input, Work& work);
  void attach_canaries(const Input& input, Work& work);
  void set_alternatives(BackendEntry& entry, std::vector<BackendEntry*> alternatives, Work& work);
  void merge(HostEntry& entry, const MergeInput& merge_input, base::DiagnosticBook& book, Work& work);
  void set_targets(HostEntry& entry, std::vector<Targets> targets, Work& work);
  void settle_backend_names(Work& work);
  void settle_host_names(base::DiagnosticBook& book, Work& work);
  Host& edit(const HostEntry& entry, Work& work);
  void finish_hosts(Work& work);
  void resolve_default_backend(const Input& input, Work& work);
  BackendPtr make_default_backend(const kube::ClusterState& state, base::Diagnostics& diagnostics) const;
  void resolve_backends(const Input& input, Work& work);
  void tell_missing_services(const Input& input, Work& work);
  void find_default_certificate(const Input& input);
  void resolve_port_services(const Input& input, const Work& work);

  std::map<kube::ObjectName, IngressPart> parts;
  std::map<std::string, HostEntry> hosts;
  std::set<std::string> special_hosts;       // with aliases or a redirect
  std::map<std::string, HostPtr> redirects;  // the extra hosts of from-to-www-redirect
  BackendTable backends;
  std::set<BackendEntry*> unsettled;  // got their first user or lost the last one
  SliceIndex slices;
  std::map<kube::ObjectName, std::set<kube::ObjectName>> secret_users;   // Secret -> Ingresses
  std::map<kube::ObjectName, std::set<kube::ObjectName>> service_users;  // of IngressPart::services
  std::vector<AcceptedPtr> canaries;                                     // in processing order
  std::set<BackendEntry*> canary_primaries;                              // with alternatives
  std::set<BackendEntry*> canary_backends;                               // alternatives, or with a sticky affinity
  std::set<kube::ObjectName> port_service_names;                         // Services behind TCP and UDP services
  // Where there are objects of the kind: severity_of_missing() depends on it.
  std::set<std::string> service_namespaces;
  std::set<std::string> secret_namespaces;
};

}  // namespace weir::model
