// MirrorClient: sends copies of requests to mirror-target (spec 4.9). A copy is a job of its own that owns all it
// needs: the request neither waits for it nor learns how it ended, and may be over long before. What becomes of copies
// is counted (weir_mirror_requests_total) and, where they are lost, logged at most once a second.
//
// Bounded per worker: kMostCopies under way, kMostBytes of heads and bodies in memory; what comes beyond is not copied.
// A drain waits for copies for kDrainMs, once no request is left.
//
// One worker, which owns it. Lifetime: its copies use the rest of the worker, which outlives it.
#pragma once

#include "weir/net/task.h"
#include "weir/observe/worker_metrics.h"
#include "weir/route/routing_table.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace weir::proxy {

class Worker;
struct Request;

class MirrorClient {
 public:
  static constexpr std::size_t kMostCopies = 256;
  static constexpr std::size_t kMostBytes = 16 * 1024 * 1024;

  static constexpr std::uint64_t kDrainMs = 3000;

  explicit MirrorClient(Worker& worker) : worker_(worker) {}
  MirrorClient(const MirrorClient&) = delete;
  MirrorClient& operator=(const MirrorClient&) = delete;

  // REQUIRES: the location has mirror-target; the body is received, or mirror-request-body is off.
  void send_copy(const Request& request);

  void begin_drain();
  // Nothing is under way that a drain should wait for any longer.
  bool idle() const;
  // REQUIRES: not called by a copy.
  void cut() { jobs_.destroy_all(); }
  std::size_t exceptions() const { return jobs_.exceptions(); }

 private:
  struct Copy;

  std::unique_ptr<Copy> make_copy(const Request& request);
  net::Job run(net::JobGroup& group, std::unique_ptr<Copy>& given);
  net::Task<observe::MirrorEnd> send(Copy& copy);
  void end(observe::MirrorEnd how, const std::string& host);

  Worker& worker_;
  std::size_t copies_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t told_ms_ = 0;         // when a lost copy was last logged
  std::uint64_t untold_ = 0;          // those since then that were not
  std::uint64_t drain_until_ms_ = 0;  // 0: no drain
  net::JobGroup jobs_;                // last: copies use all of the above while they are destroyed
};

}  // namespace weir::proxy
