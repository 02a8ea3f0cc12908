// Loop: joins objects to workers. On a change: read the state -> model::Acceptor -> model::Builder -> route::Compiler
// -> proxy::Publisher, only if the table differs from the one in force (life-of-an-object, steps 3 to 7). Level-based:
// a turn looks at the newest state, however many changes led there; a change of endpoints alone makes new backends and
// leaves hosts and their indexes as they are.
//
// It knows neither files nor an API server: `read` returns the newest state and what may have changed since it was
// called before. Diagnostics that are new are logged once.
// Thread rule: everything on the control thread (the thread that runs `executor`), except changed() and ready(), which
// any thread may call. Lifetime: must not outlive what it is given; destroying it stops its timers.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/features/settings.h"
#include "weir/kube/changes.h"
#include "weir/kube/cluster_state.h"
#include "weir/model/accept.h"
#include "weir/model/build.h"
#include "weir/model/options.h"
#include "weir/observe/metrics.h"
#include "weir/proxy/publisher.h"
#include "weir/route/compile.h"
#include "weir/route/routing_table.h"

#include <chrono>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace weir::controller {

// What a source of objects has at the moment.
struct Input {
  const kube::ClusterState* state = nullptr;     // the source's own; not null, lives as long as the Loop
  kube::Changes changes = kube::Changes::all();  // what may be other than at the read before
  base::Diagnostics diagnostics;                 // of the reading: files that do not parse ...
};

// What a turn came to, for those who tell others about it. Valid during the call.
struct Turn {
  const kube::ClusterState& state;
  const model::AcceptedSet& accepted;
  const base::Diagnostics& diagnostics;
  bool published;                // the table differs from the one before
  const kube::Changes& changes;  // what may be other in `state` and `accepted` than at the call before
  bool diagnostics_may_differ;   // from those of the call before
};

struct LoopOptions {
  model::Options model;
  route::CompileOptions compile;
  // A turn starts when no change came for `quiet`, at the latest `max_delay` after the first one, and not before
  // `min_interval` has passed since the start of the turn before. 0: at the next turn of the event loop.
  //
  // quiet: what one `kubectl apply` or one rollout step changes reaches us within a few milliseconds, and belongs into
  // one table. max_delay: a stream of changes that never pauses must not put a table off. min_interval: a table costs
  // every worker a little; 20 a second are as fresh as anybody can see.
  std::chrono::milliseconds quiet{5};
  std::chrono::milliseconds max_delay{40};
  std::chrono::milliseconds min_interval{50};
  std::chrono::milliseconds port_retry{5000};   // between two tries of ports that could not be opened
  std::function<void(const Turn&)> after_turn;  // may be empty; some time after a turn, perhaps one call for several
};

class Loop {
 public:
  using Read = std::function<Input()>;
  // Takes settings that are not part of the table over (access log ...), called before the table is published whenever
  // they changed; what it returns is treated like the other diagnostics.
  using ApplySettings = std::function<base::Diagnostics(const features::Settings&)>;

  Loop(boost::asio::io_context& executor, LoopOptions options, Read read, proxy::Publisher& publisher,
       observe::Metrics& metrics, ApplySettings apply_settings);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Something changed at `noticed`; the measured change-to-live time starts there. Any thread.
  void changed(std::chrono::steady_clock::time_point noticed = std::chrono::steady_clock::now());
  // One turn at once, whatever the timers say. Control thread.
  void run_now();
  // Whether this process tells what only one of several replicas tells; it does until told otherwise. Control thread.
  void take_lead(bool leads);
  // The first table is in force in all workers. Any thread.
  bool ready() const;

  // The outcome of the last turn. Control thread.
  route::RoutingTablePtr table() const;
  base::Diagnostics diagnostics() const;
  const model::AcceptedSet& accepted() const;
  const model::Model& model() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::controller
