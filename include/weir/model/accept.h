// accept (life-of-an-object, step 3): which Ingress objects are served, and in which version. A refused update keeps
// the version accepted before; a refused new object is not served. Pure function of (previous set, state, options): no
// clock, no network, no logging. Control thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/base/diagnostic_book.h"
#include "weir/features/annotation_table.h"
#include "weir/features/settings_table.h"
#include "weir/kube/changes.h"
#include "weir/kube/cluster_state.h"
#include "weir/model/options.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir::model {

// One Ingress in force, with its annotations read. Immutable; shared between generations while nothing changes.
struct AcceptedIngress {
  std::shared_ptr<const kube::Ingress> object;  // the version in force
  features::Policies policies;
  std::map<std::string, std::string> used;  // annotation key -> value as written
  base::Diagnostics diagnostics;            // of the newest version seen
  // The newest version seen, when it was refused; null when `object` is the newest.
  std::shared_ptr<const kube::Ingress> refused;
  std::string file;  // where the newest version was read; empty: an API server
  int line = 0;

  const std::shared_ptr<const kube::Ingress>& newest() const { return refused ? refused : object; }
};

using AcceptedPtr = std::shared_ptr<const AcceptedIngress>;

struct AcceptedSet {
  std::shared_ptr<const features::SettingsResult> settings;  // last ConfigMap in force (10.53: survives deletion)
  std::shared_ptr<const kube::ConfigMap> config_map;         // the object `settings` was read from
  std::map<kube::ObjectName, AcceptedPtr> ingresses;
  // Objects seen but not served: refused without an earlier version, foreign class, ... with the reason.
  std::map<kube::ObjectName, base::Diagnostics> not_served;
  // Of those, the objects that a gate refused and that have no earlier version: they need not be read again.
  std::map<kube::ObjectName, std::shared_ptr<const kube::Ingress>> refused_new;
  // Everything above as one list, ordered by object, for `weir check`; Acceptor keeps a book instead.
  base::Diagnostics diagnostics;
};

// Codes of diagnostics besides those of features/annotation_table.h and features/settings_table.h. error: deep-inspect,
// blocked-word, catch-all-disabled. warning: class-foreign, ingress-refused. info: namespace-not-watched.
AcceptedSet accept(const AcceptedSet& previous, const kube::ClusterState& state, const Options& options);

// accept() kept up to date: an update costs what changed, and leaves the set that accept() makes of the set before.
class Acceptor {
 public:
  explicit Acceptor(Options options) : options_(std::move(options)) {}

  // `changes`: what may be other in `state` than at the call before. Diagnostics go to `book`, the same one each time,
  // under topics that begin with "accept/". Returns `changes` for the next stage: of the Ingresses, those whose
  // accepted version is another one; `everything` when the settings changed.
  kube::Changes update(const kube::ClusterState& state, kube::Changes changes, base::DiagnosticBook& book);
  // Its `diagnostics` stay empty.
  const AcceptedSet& set() const { return set_; }

 private:
  const Options options_;
  AcceptedSet set_;
};

// Creation time ascending, then the text "namespace/name" descending (spec 2.2; rulings).
bool processed_before(const kube::Metadata& a, const kube::Metadata& b);

}  // namespace weir::model
