// What one worker counts besides requests: connections by state, requests, proxy-made responses by reason code, regex
// limit hits. Written by that worker only (add/set are a plain load and store), read by the scrape at any time.
#pragma once

#include "weir/observe/request_metrics.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace weir::observe {

// A number with one writer and any readers.
class Cell {
 public:
  void add(std::int64_t n = 1) { set(value() + n); }
  void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// How the copy of a request to a mirror ended: busy, memory: it was not sent, too many or too much was under way.
enum class MirrorEnd : std::uint8_t {
  answered,
  busy,
  memory,
  invalid_url,
  unresolved,
  unreachable,
  timeout,
  malformed,
};
constexpr std::size_t kMirrorEnds = 8;
const char* to_string(MirrorEnd end);  // its name, with `-`

class alignas(64) WorkerMetrics {
 public:
  explicit WorkerMetrics(RequestMetricsShard& shard) : requests(shard) {}

  RequestMetricsShard& requests;

  // nginx_process_connections_total, nginx_process_requests_total
  Cell accepted;
  Cell handled;  // accepted and not refused for want of resources
  Cell requests_total;
  // nginx_process_connections{state=...}; active = reading + writing + waiting
  Cell active;
  Cell reading;  // a request head is being read
  Cell writing;  // a request is being served
  Cell waiting;  // idle keep-alive
  // Others
  Cell client_read_bytes;  // bytes read from and written to sockets of clients and upstreams are optional
  Cell client_written_bytes;
  Cell upstream_connects;  // new connections to endpoints
  Cell upstream_reuses;    // requests on a pooled connection
  Cell regex_limit_hits;   // matches given up at the PCRE2 limit
  // ssl-passthrough: open now; and since the start: relayed, refused (its address), failed (no endpoint took it)
  Cell passthrough_open;
  Cell passthrough_relayed;
  Cell passthrough_refused;
  Cell passthrough_failed;
  // TCP and UDP services (spec 4.14): sessions open now, and since the start; datagrams of clients that got no session
  Cell tcp_sessions_open;
  Cell tcp_sessions;
  Cell udp_sessions_open;
  Cell udp_sessions;
  Cell udp_dropped;

  void count_mirror(MirrorEnd how) { mirrored[static_cast<std::size_t>(how)].add(); }
  std::array<Cell, kMirrorEnds> mirrored;

  // A response the proxy itself made: "no-endpoints", "body-too-large", "auth-url-planned" ... Allocates for the first
  // use of a code; codes beyond kMaxReasons are counted as "other".
  void count_reason(std::string_view code);

  static constexpr std::size_t kMaxReasons = 256;

 private:
  friend class Metrics;
  struct Reason {
    std::string code;
    Cell count;
  };
  // Slots are filled in order and never change their code; size_ is released after a slot is complete.
  std::array<std::unique_ptr<Reason>, kMaxReasons> reasons_;
  std::atomic<std::size_t> size_{0};
  std::map<std::string, std::size_t, std::less<>> index_;  // worker only
};

}  // namespace weir::observe
