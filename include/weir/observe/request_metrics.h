// Metrics of requests (spec 8.1: requests, request_duration_seconds ... bytes_sent), kept per worker, summed by a
// scrape.
//
// RequestMetrics: one per process. RequestMetricsShard: one per worker, written by that worker only. observe() takes no
// lock ever and allocates only for the first sample of a series. Cells are written by the worker and read by the scrape
// with relaxed atomics, so a scrape sees every sample at once. Lifetime: shards belong to RequestMetrics.
#pragma once

#include "weir/base/result.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::observe {

// One finished request. Views are borrowed for the call. Times in microseconds; negative: not observed, as for a
// request that reached no upstream or made several tries (spec 8.1).
struct RequestSample {
  std::uint32_t location = 0;  // route::LocationId; with the labels below it is the identity of the series
  int status = 0;
  std::string_view method;          // as received, not normalised
  std::string_view host;            // request Host: lower case, no port
  bool host_is_configured = false;  // `host` is literally a configured host or alias (not through a wildcard or "_")
  std::string_view path;            // rule path text; "/" for the implicit one
  std::string_view ns;
  std::string_view ingress;
  std::string_view service;
  std::string_view canary;  // canary upstream name, or empty
  std::int64_t request_time = 0;
  std::int64_t connect_time = -1;
  std::int64_t header_time = -1;
  std::int64_t response_time = -1;
  std::uint64_t request_length = 0;
  std::uint64_t bytes_sent = 0;
};

struct RequestMetricsOptions {
  bool enabled = false;             // --enable-metrics
  bool per_host = true;             // --metrics-per-host
  bool per_undefined_host = false;  // --metrics-per-undefined-host
  bool status_classes = false;      // --report-status-classes
  std::vector<double> time_buckets{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
  std::vector<double> length_buckets{10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
  std::vector<double> size_buckets{10, 100, 1000, 10000, 100000, 1e6, 1e7};
  std::vector<std::string> excluded;  // --exclude-socket-metrics; with or without the common prefix
  std::string constant_labels;        // rendered: controller_class="..",controller_namespace="..",controller_pod=".."
  std::size_t max_series = 100000;    // all workers together; samples of further series are counted as dropped
  std::size_t max_unusual_methods = 32;  // a worker keeps so many names outside the usual ones, then "_OTHER"
};

class RequestMetrics;

class RequestMetricsShard {
 public:
  ~RequestMetricsShard();
  void observe(const RequestSample& sample);
  // Asks for the memory that observe() of a request for this location is likely to use. Call it before something that
  // takes a while, such as a send.
  void prefetch(std::uint32_t location) const;

 private:
  friend class RequestMetrics;
  struct State;
  explicit RequestMetricsShard(RequestMetrics& owner);
  std::unique_ptr<State> state_;
};

class RequestMetrics {
 public:
  explicit RequestMetrics(RequestMetricsOptions options);
  ~RequestMetrics();
  RequestMetrics(const RequestMetrics&) = delete;
  RequestMetrics& operator=(const RequestMetrics&) = delete;

  // One per worker, before or while it runs; owned here.
  RequestMetricsShard& make_shard();
  // Series of other Ingresses are removed, also while requests of theirs still end (spec 8.1). Control thread.
  void set_live_ingresses(const std::set<std::pair<std::string, std::string>>& live);
  // The same by what is other than before; costs little when nothing is gone.
  using IngressNames = std::vector<std::pair<std::string, std::string>>;  // namespace, name
  void change_live_ingresses(const IngressNames& come, const IngressNames& gone);
  // Appends the exposition of all families. Any one thread at a time (locked).
  void write(std::string& out);

  std::uint64_t dropped_samples() const { return dropped_.load(std::memory_order_relaxed); }
  std::size_t series() const { return series_.load(std::memory_order_relaxed); }
  const RequestMetricsOptions& options() const { return options_; }

 private:
  friend class RequestMetricsShard;
  struct Layout;  // which histograms there are and where their cells lie

  using LiveMap = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;  // namespace -> names

  bool is_live(std::string_view ns, std::string_view ingress) const;  // mutex_ is held
  void collect(RequestMetricsShard& shard, const std::function<void(const void* series)>& visit);

  const RequestMetricsOptions options_;
  std::unique_ptr<const Layout> layout_;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::size_t> series_{0};
  std::mutex mutex_;                 // never taken by a worker
  bool any_ingress_is_live_ = true;  // until the first set_live_ingresses()
  LiveMap live_;
  std::vector<std::unique_ptr<RequestMetricsShard>> shards_;
};

}  // namespace weir::observe
