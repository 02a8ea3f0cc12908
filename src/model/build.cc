#include "weir/model/build.h"

#include "model/builder_state.h"
#include "model/report.h"

#include <utility>

namespace weir::model {

Builder::Builder(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Builder::~Builder() = default;

const Model& Builder::model() const {
  return state_->model;
}

const Model& Builder::update(const AcceptedSet& accepted, const kube::ClusterState& state, const kube::Changes& changes,
                             base::DiagnosticBook& book) {
  state_->update({accepted, state, changes, book});
  return state_->model;
}

BuildResult build(const AcceptedSet& accepted, const kube::ClusterState& state, const Options& options) {
  base::DiagnosticBook book;
  Builder builder(options);
  BuildResult result;
  result.model = builder.update(accepted, state, kube::Changes::all(), book);
  result.diagnostics = book.all();
  sort_by_object(result.diagnostics);
  return result;
}

}  // namespace weir::model
