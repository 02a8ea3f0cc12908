// Metrics: one object that owns everything /metrics shows, wired once by app and handed to proxy (make_worker) and
// controller (controller_metrics functions). Thread rule: see each member.
#pragma once

#include "weir/observe/metrics_registry.h"
#include "weir/observe/request_metrics.h"
#include "weir/observe/worker_metrics.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace weir::observe {

struct MetricsOptions {
  RequestMetricsOptions requests;    // constant_labels is filled in by Metrics
  std::string controller_namespace;  // POD_NAMESPACE
  std::string controller_class;      // --controller-class
  std::string controller_pod;        // POD_NAME
  std::string version;
  std::string build;  // commit, or empty
};

class Metrics {
 public:
  explicit Metrics(MetricsOptions options);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // One per worker, owned here, valid as long as this object. Any thread.
  WorkerMetrics& make_worker();

  MetricsRegistry& registry() { return registry_; }
  RequestMetrics& requests() { return requests_; }
  const MetricsOptions& options() const { return options_; }

  // Labels of controller metrics: the constant ones plus `extra`, sorted by name.
  Labels labels(Labels extra = {}) const;

  // `source` is read at each scrape: lines the access log dropped so far, and so on.
  void add_counter_source(std::string name, std::function<std::uint64_t()> source);

  // The whole exposition.
  std::string scrape();

 private:
  void write_workers(std::string& out);
  void write_process(std::string& out) const;

  MetricsOptions options_;
  std::string constant_labels_;
  MetricsRegistry registry_;
  RequestMetrics requests_;
  std::mutex mutex_;  // guards the lists, never taken by a worker
  std::vector<std::unique_ptr<WorkerMetrics>> workers_;
  std::vector<std::pair<std::string, std::function<std::uint64_t()>>> sources_;
};

}  // namespace weir::observe
