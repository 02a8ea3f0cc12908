// EventQueue: which Events are written when (spec 8.4). For each object and reason at most one write a minute; what is
// offered meanwhile is merged into the next one: the newest message and the number of times. The same message again
// raises the count of the Event that is there. Over all objects 25 writes a second, burst 200; beyond 20,000 objects
// and reasons new ones are dropped and counted. Pure: the caller passes the time and does the requests
// (event_writer.h).
#pragma once

#include "weir/base/diagnostic.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weir::watch {

struct Event {
  base::ObjectRef object;
  std::string uid;               // of that object
  std::string resource_version;  // of that object; may be empty
  bool warning = false;
  std::string reason;   // CamelCase
  std::string message;  // at most kMaxMessage bytes are written
};

class EventQueue {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMaxMessage = 1024;  // what an API server takes
  static constexpr std::size_t kMaxSlots = 20000;
  static constexpr std::chrono::seconds kInterval{60};
  // After this time the server may have dropped the Event (an hour by default): a new one is written.
  static constexpr std::chrono::minutes kLifetime{50};

  using Key = std::pair<base::ObjectRef, std::string>;  // object and reason

  struct Write {
    Key key;
    Event event;
    int count = 1;                          // of the Event as it is to be
    std::string existing;                   // name of the Event to change; empty: a new one
    std::chrono::microseconds first_stamp;  // when the first of `count` happened (wall clock)
  };

  // `stamp`: the wall clock at `now`.
  void offer(Event event, Clock::time_point now, std::chrono::microseconds stamp);
  // The next write that is due; to be followed by written() or lost() for its key before the same key comes again.
  std::optional<Write> take(Clock::time_point now);
  // It was written under this name.
  void written(const Write& write, const std::string& name);
  // It was not. refused: dropped. gone: the Event to be changed is no more, a new one is due at once. unanswered: the
  // same is due at once.
  enum class Loss { refused, gone, unanswered };
  void lost(const Write& write, Loss loss);

  // When take() will have something; nullopt: when something is offered.
  std::optional<Clock::time_point> next_due() const;
  std::uint64_t dropped() const { return dropped_; }
  bool empty() const { return waiting_.empty(); }

 private:
  // 20,000 of them are kept: what is not needed between two writes is let go.
  struct Slot {
    std::unique_ptr<Event> pending;  // what is to be written next
    int pending_count = 0;           // 0: nothing is pending
    bool waiting = false;            // in waiting_
    bool on_its_way = false;
    std::optional<Clock::time_point> last_take;
    // The Event last written.
    std::string name;
    std::size_t content = 0;  // hash of its message and the object's uid
    int count = 0;
    Clock::time_point created;
    std::chrono::microseconds first_stamp{0};
    std::chrono::microseconds pending_stamp{0};
  };
  using Slots = std::map<Key, Slot>;

  void wait(Slots::iterator slot, Clock::time_point at);
  void sweep(Clock::time_point now);

  Slots slots_;
  std::multimap<Clock::time_point, Slots::iterator> waiting_;  // a slot that waits is not erased
  double tokens_ = 200;
  std::optional<Clock::time_point> filled_;
  std::uint64_t dropped_ = 0;
};

}  // namespace weir::watch
