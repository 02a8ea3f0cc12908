// WatchPlan: what to ask the API server next about one kind of objects, and how long to wait before. Decides only; the
// requests are made by reflector.cc. The rules are those of client-go's Reflector:
//
// First everything, then changes. Everything comes as a watch that begins with the present objects (WatchList), or
// where the server refuses that, as a list. Resource versions are opaque; nothing older than the last one seen is ever
// taken: a list names it, and only when the server says that it is gone or too new is a list of the very newest asked
// for. A watch that ends is taken up where it ended; only an expired version makes a new list necessary.
//
// Pure: the caller passes the time and the random numbers (0..1).
#pragma once

#include "watch/resource.h"

#include <chrono>
#include <string>

namespace weir::watch {

// Pauses between failures: 0.8 s, doubled up to 30 s, each with up to as much again at random; from the start after two
// minutes without a failure.
class WatchBackoff {
 public:
  using Clock = std::chrono::steady_clock;
  std::chrono::milliseconds next(Clock::time_point now, double fraction);
  void reset() { current_ = {}; }

 private:
  std::chrono::milliseconds current_{0};
  Clock::time_point last_;
};

class WatchPlan {
 public:
  using Clock = std::chrono::steady_clock;
  using Pause = std::chrono::milliseconds;
  enum class Step { watch_list, list, watch };
  struct Request {
    Step step;
    std::string path;                // with its query
    std::chrono::seconds length{0};  // of a watch, as asked for
  };

  WatchPlan(const Resource& resource, Scope scope) : resource_(resource), scope_(std::move(scope)) {}

  // `fraction`: a watch lasts between five and ten minutes.
  Request next(double fraction) const;

  // ---- what came of the request. The result is the pause before the next one. ----
  // No answer, or it was cut. Objects seen so far of an unfinished list are worthless.
  Pause failed(Clock::time_point now, double fraction);
  // The head of an answer, or an ERROR event, said this. `in_watch`: an ERROR event.
  Pause refused(int code, const std::string& reason, const std::string& cause, std::chrono::seconds retry_after,
                bool in_watch, Clock::time_point now, double fraction);
  // What came cannot be understood: nothing that follows can be relied on.
  Pause garbled(Clock::time_point now, double fraction);
  // A WatchList that does not end: the server knows it by name only.
  Pause unending(Clock::time_point now, double fraction);
  // The server ended the watch. `events`: objects that came.
  Pause ended(std::chrono::milliseconds lasted, std::size_t events, Clock::time_point now, double fraction);

  // A page of a list. True: it was the last one, everything is known.
  bool page(const std::string& resource_version, const std::string& continue_token);
  // Everything was sent (the bookmark that ends the present objects).
  void all_sent(const std::string& resource_version);
  // An event or a bookmark of the watch carries this version. Not for the present objects of a WatchList.
  void seen(const std::string& resource_version);

  const std::string& resource_version() const { return version_; }
  bool needs_everything() const { return need_all_; }
  // The first page of a list is to be asked for (or a WatchList): what was collected is to be thrown away.
  bool at_the_beginning() const { return continue_.empty(); }
  // Since the last success.
  int failures() const { return failures_; }

 private:
  Pause wait(Clock::time_point now, double fraction);
  void relist();

  const Resource& resource_;
  Scope scope_;
  WatchBackoff backoff_;
  bool watch_list_works_ = true;
  bool need_all_ = true;
  bool version_unavailable_ = false;  // the server cannot list at version_: the newest is asked for
  bool paged_ = true;                 // false: a continue token expired
  std::string version_;
  std::string continue_;
  int failures_ = 0;
  int told_to_wait_ = 0;  // in a row
  Clock::time_point internal_errors_since_;
  bool internal_errors_ = false;
};

}  // namespace weir::watch
