// ClusterWriters: what `weir serve` tells a cluster, wired from its flags: leader election, status of Ingresses,
// Events, and the metrics about them. Not there in standalone mode.
//
// Thread rule: the control thread. Lifetime: the io_context and the metrics must outlive it.
#pragma once

#include "serve_options.h"
#include "weir/controller/loop.h"
#include "weir/observe/metrics.h"
#include "weir/watch/api_call.h"

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace weir::app {

class ClusterWriters {
 public:
  // `pod`: our own, which need not exist; its name is the identity in the election. `on_lead`: whether this process
  // leads, from start() on whenever that changes; without an election it does.
  ClusterWriters(boost::asio::io_context& context, const ServeOptions& options, const kube::ObjectName& pod,
                 observe::Metrics& metrics, const watch::ApiCall& call, std::function<void(bool leads)> on_lead);
  ~ClusterWriters();
  ClusterWriters(const ClusterWriters&) = delete;
  ClusterWriters& operator=(const ClusterWriters&) = delete;

  // Takes part in the election from now on.
  void start();
  // For LoopOptions::after_turn.
  void after_turn(const controller::Turn& turn);
  // The status as --update-status-on-shutdown wants it, then the Lease is given up. `done` runs once, at the latest
  // after kShutDownLimit. Further calls do nothing.
  void shut_down(std::function<void()> done);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::app
