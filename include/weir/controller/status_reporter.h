// StatusReporter (life-of-an-object, step 8): tells a cluster what became of its objects. After each turn of the Loop
// it compares what is so with what the objects say and hands the differences to watch::StatusWriter (status of
// Ingresses, spec 8.6) and watch::EventWriter (spec 8.4). What to write is decided by published_addresses.h and
// event_plan.h.
//
// Only the leader writes about objects; with Role::events_only (no election) Events are written and the status never.
// What was not written because somebody else led is not made up for later: at taking over, what is wrong at present and
// what is served is told anew.
//
// Thread rule: the control thread. Lifetime: the writers and the metrics must outlive it.
#pragma once

#include "weir/controller/loop.h"
#include "weir/kube/objects.h"
#include "weir/observe/metrics.h"
#include "weir/watch/event_writer.h"
#include "weir/watch/status_writer.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::controller {

struct StatusOptions {
  bool update_status = true;                // --update-status
  bool clear_on_shutdown = true;            // --update-status-on-shutdown
  std::vector<std::string> addresses;       // --publish-status-address
  std::optional<kube::ObjectName> service;  // --publish-service
  bool internal_addresses = false;          // --report-node-internal-ip-address
  kube::ObjectName pod;                     // our own
  std::vector<kube::ObjectName> port_maps;  // ConfigMaps of TCP and UDP services: told of as the global one is
  bool sync_events = true;                  // --disable-sync-events
  std::string annotations_prefix = "nginx.ingress.kubernetes.io";
};

class StatusReporter {
 public:
  enum class Role { follower, events_only, leader };

  StatusReporter(StatusOptions options, watch::StatusWriter& status, watch::EventWriter& events);
  ~StatusReporter();
  StatusReporter(const StatusReporter&) = delete;
  StatusReporter& operator=(const StatusReporter&) = delete;

  void take_role(Role role);
  // For LoopOptions::after_turn.
  void after_turn(const Turn& turn);
  // From time to time: what still is not as it should be is asked for again, standing warnings are repeated.
  void check();
  // The Lease of the election changed hands to us.
  void tell_leadership(const kube::ObjectName& lease, const std::string& identity);
  // The last words: the status is emptied if nobody else serves (spec 8.6). `done` runs when all is written, perhaps
  // from within this call. Nothing is written afterwards.
  void shut_down(std::function<void()> done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::controller
