// StatusWriter: brings status.loadBalancer of Ingresses to what is wanted, by GET and PUT of the status subresource
// with the resource version that was read (409: read again). Nothing is written that is already so.
//
// Ten objects at a time. A write that failed is repeated after 5 ms, 10 ms ... 1,000 s, all repetitions together at
// most 10 a second (burst 100); Retry-After is honoured.
//
// Thread rule: the control thread. Lifetime: the io_context must outlive it; destroying it ends all callbacks.
#pragma once

#include "weir/kube/objects.h"
#include "weir/watch/api_call.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace weir::watch {

class StatusWriter {
 public:
  enum class Outcome { written, unchanged, failed, gone };
  using Report = std::function<void(Outcome)>;  // for metrics

  StatusWriter(boost::asio::io_context& context, ApiCall call, Report report);
  ~StatusWriter();
  StatusWriter(const StatusWriter&) = delete;
  StatusWriter& operator=(const StatusWriter&) = delete;

  // The status of this Ingress shall be `addresses`. Replaces what was wanted before and is not written yet.
  void want(const kube::ObjectName& ingress, const std::vector<kube::LoadBalancerAddress>& addresses);
  // What is not written yet is not wanted any more.
  void forget(const kube::ObjectName& ingress);
  void forget_all();
  // Runs once nothing is left to be done; from within this call if that is so now.
  void when_idle(std::function<void()> done);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::watch
