// build (life-of-an-object, step 4): accepted objects -> Model. Pure: same input, same output. Control thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/base/diagnostic_book.h"
#include "weir/kube/changes.h"
#include "weir/model/accept.h"
#include "weir/model/model.h"
#include "weir/model/options.h"

#include <memory>
#include <string>

namespace weir::model {

struct BuildResult {
  Model model;
  base::Diagnostics diagnostics;  // shadowed rules, missing services, denied locations ...
};

BuildResult build(const AcceptedSet& accepted, const kube::ClusterState& state, const Options& options);

// build() kept up to date: an update costs what changed, not what there is, and leaves the very model that build()
// makes of the same input. What did not change keeps its address.
class Builder {
 public:
  explicit Builder(Options options);
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  // `changes`: what may be other in `accepted` and `state` than at the call before; for Ingresses, what AcceptUpdate
  // says. Diagnostics go to `book`, the same one each time, under topics that begin with "build/".
  const Model& update(const AcceptedSet& accepted, const kube::ClusterState& state, const kube::Changes& changes,
                      base::DiagnosticBook& book);
  const Model& model() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The endpoints of one Service port (spec 2.7).
Backend resolve_backend(const kube::ClusterState& state, const Options& options, const std::string& ns,
                        const std::string& service, const kube::PortRef& port, bool service_upstream,
                        base::Diagnostics& diagnostics);

}  // namespace weir::model
