// ClusterSource: `weir serve` in a cluster, wired from its flags: the client of the API server, the objects that are
// read from it, what is written to it, and the metrics about both. Not there in standalone mode.
//
// Thread rule: the control thread. Lifetime: the io_context, the options and the metrics must outlive it.
#pragma once

#include "serve_options.h"
#include "weir/controller/loop.h"
#include "weir/kube/changes.h"
#include "weir/observe/metrics.h"
#include "weir/watch/api_config.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace boost::asio {
class io_context;
}

namespace weir::app {

class ClusterSource {
 public:
  // `on_change`: the objects are other than before; the first time when all of them have been read. `on_lead`: whether
  // this process leads is now so (ClusterWriters); the first time before the first `on_change`.
  ClusterSource(boost::asio::io_context& context, watch::ApiConfig config, const ServeOptions& options,
                observe::Metrics& metrics, std::function<void()> on_change, std::function<void(bool leads)> on_lead);
  ~ClusterSource();
  ClusterSource(const ClusterSource&) = delete;
  ClusterSource& operator=(const ClusterSource&) = delete;

  void start();
  // What flags name and the API server does not know, which makes a start impossible; meaningful from the first
  // `on_change` on.
  std::optional<std::string> missing_object() const;
  const kube::ClusterState& state() const;
  kube::Changes take_changes();
  base::Diagnostics diagnostics() const;
  bool classes_readable() const;
  // For LoopOptions::after_turn.
  void after_turn(const controller::Turn& turn);
  // The last words to the API server; `done` runs once.
  void shut_down(std::function<void()> done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::app
