// EventWriter: writes v1 Events as the original does (spec 8.4), within the limits of EventQueue. Events are best
// effort: one that is refused is logged at most once a minute and dropped, and nothing waits for them.
//
// Thread rule: the control thread. Lifetime: the io_context must outlive it; destroying it ends all callbacks.
#pragma once

#include "weir/watch/api_call.h"
#include "weir/watch/event_queue.h"

#include <cstdint>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace weir::watch {

class EventWriter {
 public:
  // `instance`: the Pod's name.
  EventWriter(boost::asio::io_context& context, std::string instance, ApiCall call);
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  // REQUIRES: the object has a namespace.
  void offer(Event event);
  std::uint64_t written() const;
  std::uint64_t dropped() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::watch
