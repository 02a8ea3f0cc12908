// Reflector: keeps an ObjectStore equal to what the API server has of one kind in one scope: list, then watch, for
// ever. WatchPlan decides what to ask, watch_event.h reads the answers; here are the requests, the time and the log.
//
// Thread rule: the control thread. Lifetime: the client and the store must outlive it; destroying it ends its requests
// and all callbacks.
#pragma once

#include "watch/object_store.h"
#include "watch/resource.h"
#include "weir/watch/api_client.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace boost::asio {
class io_context;
}

namespace weir::watch {

struct ReflectorCallbacks {
  std::function<void()> on_synced;  // each time everything is known
  std::function<void()> on_change;  // the store changed by an event of the watch
  std::function<void()> on_heard;   // the server answers again
  // The server will not show these objects: 401 and 403, or 404 for a kind it does not have. Asked again from time to
  // time; called each time.
  std::function<void(int status)> on_denied;
  Wanted wanted;  // empty: every object is decoded
};

struct ReflectorLimits {
  // How long a WatchList may be silent before its end is sent: a server that does not know it never sends one.
  std::chrono::milliseconds end_of_list{30000};
};

// For metrics.
struct ReflectorStatus {
  bool synced = false;
  std::uint64_t lists = 0;     // times everything was asked for
  std::uint64_t watches = 0;   // watches begun
  std::uint64_t failures = 0;  // requests refused, not answered, not understood, or ended at once
  std::uint64_t skipped = 0;   // events and items that are not understood
  // Since when nothing can be heard of changes; nullopt: a watch is open.
  std::optional<std::chrono::steady_clock::time_point> deaf_since;
};

class Reflector {
 public:
  Reflector(boost::asio::io_context& context, ApiClient& client, const Resource& resource, Scope scope,
            ObjectStore& store, ReflectorCallbacks callbacks, ReflectorLimits limits = {});
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void start();
  // The server has been heard of: a pause after a failure is not worth sitting out.
  void hurry();
  const ReflectorStatus& status() const;
  const Resource& resource() const;
  std::string name() const;  // for the log

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::watch
