// LeaderElection: takes part in the election of one Lease (spec 8.7). Election (election.h) decides, this does the
// requests and keeps the time. Losing the Lease ends nothing but leadership: it is competed for again at once.
//
// Thread rule: the control thread; `on_change` too, never from within a call. Lifetime: the io_context must outlive it;
// destroying it ends all callbacks and gives nothing up (that is release()).
#pragma once

#include "weir/kube/objects.h"
#include "weir/watch/api_call.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace weir::watch {

struct LeaderElectionOptions {
  kube::ObjectName lease;
  std::string identity;  // the Pod's name
  std::chrono::milliseconds ttl{30000};
};

class LeaderElection {
 public:
  // `on_change`: true when this instance became the leader, false when it no longer is.
  LeaderElection(boost::asio::io_context& context, LeaderElectionOptions options, ApiCall call,
                 std::function<void(bool)> on_change);
  ~LeaderElection();
  LeaderElection(const LeaderElection&) = delete;
  LeaderElection& operator=(const LeaderElection&) = delete;

  void start();
  // Gives the Lease up if it is ours, so that the next leader need not wait, and takes part no more. `done` runs when
  // that is written or cannot be written; without a Lease at once, from within this call.
  void release(std::function<void()> done);

  bool leads() const;
  // Who leads as far as known; empty: nobody.
  std::string leader() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::watch
