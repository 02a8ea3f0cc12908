#include "weir/observe/metrics.h"

#include "process_metrics.h"
#include "weir/observe/log.h"

#include <algorithm>
#include <map>

namespace weir::observe {

namespace {

constexpr const char* kRepository = "weir";

RequestMetricsOptions with_constant_labels(RequestMetricsOptions options, const std::string& labels) {
  options.constant_labels = labels;
  return options;
}

std::string render_constant(const MetricsOptions& options) {
  return render_labels({{"controller_class", options.controller_class},
                        {"controller_namespace", options.controller_namespace},
                        {"controller_pod", options.controller_pod}});
}

void family(std::string& out, std::string_view name) {
  const MetricDoc* doc = find_metric_doc(name);
  append_family(out, name, doc ? doc->help : "", doc ? doc->type : MetricType::gauge);
}

void single(std::string& out, std::string_view name, std::string_view labels, double value) {
  family(out, name);
  append_sample(out, name, labels, value);
}

double number(std::uint64_t value) {
  return static_cast<double>(value);
}
double number(std::int64_t value) {
  return static_cast<double>(value);
}

}  // namespace

Metrics::Metrics(MetricsOptions options)
    : options_(std::move(options)),
      constant_labels_(render_constant(options_)),
      requests_(with_constant_labels(options_.requests, constant_labels_)) {
  registry_.set("nginx_ingress_controller_build_info",
                labels({{"build", options_.build}, {"release", options_.version}, {"repository", kRepository}}), 1);
  for (const char* name : {"success", "errors", "config_hash", "config_last_reload_successful", "config_reload_success",
                           "config_last_reload_successful_timestamp_seconds"}) {
    registry_.set(std::string("nginx_ingress_controller_") + name, labels(), 0);
  }
  add_counter_source("weir_log_lines_dropped_total", [] { return log_lines_dropped(); });
  add_counter_source("weir_request_metrics_dropped_total", [this] { return requests_.dropped_samples(); });
}

Metrics::~Metrics() = default;

WorkerMetrics& Metrics::make_worker() {
  RequestMetricsShard& shard = requests_.make_shard();
  std::lock_guard lock(mutex_);
  workers_.push_back(std::make_unique<WorkerMetrics>(shard));
  return *workers_.back();
}

Labels Metrics::labels(Labels extra) const {
  extra.emplace_back("controller_class", options_.controller_class);
  extra.emplace_back("controller_namespace", options_.controller_namespace);
  extra.emplace_back("controller_pod", options_.controller_pod);
  std::sort(extra.begin(), extra.end());
  return extra;
}

void Metrics::add_counter_source(std::string name, std::function<std::uint64_t()> source) {
  std::lock_guard lock(mutex_);
  sources_.emplace_back(std::move(name), std::move(source));
}

void Metrics::write_workers(std::string& out) {
  std::lock_guard lock(mutex_);
  const auto sum = [this](Cell WorkerMetrics::*cell) {
    std::int64_t total = 0;
    for (const auto& worker : workers_) total += ((*worker).*cell).value();
    return number(total);
  };
  const auto state = [this](const char* value) { return render_labels(labels({{"state", value}})); };
  std::string name = "nginx_ingress_controller_nginx_process_connections";
  family(out, name);
  append_sample(out, name, state("active"), sum(&WorkerMetrics::active));
  append_sample(out, name, state("reading"), sum(&WorkerMetrics::reading));
  append_sample(out, name, state("waiting"), sum(&WorkerMetrics::waiting));
  append_sample(out, name, state("writing"), sum(&WorkerMetrics::writing));
  name = "nginx_ingress_controller_nginx_process_connections_total";
  family(out, name);
  append_sample(out, name, state("accepted"), sum(&WorkerMetrics::accepted));
  append_sample(out, name, state("handled"), sum(&WorkerMetrics::handled));
  single(out, "nginx_ingress_controller_nginx_process_requests_total", constant_labels_,
         sum(&WorkerMetrics::requests_total));

  std::map<std::string, std::int64_t> reasons;
  for (const auto& worker : workers_) {
    const std::size_t size = worker->size_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < size; ++i) reasons[worker->reasons_[i]->code] += worker->reasons_[i]->count.value();
  }
  if (!reasons.empty()) {
    family(out, "weir_proxy_responses_total");
    for (const auto& [reason, count] : reasons) {
      append_sample(out, "weir_proxy_responses_total", render_labels(labels({{"reason", reason}})), number(count));
    }
  }
  name = "weir_mirror_requests_total";
  family(out, name);
  for (std::size_t i = 0; i < kMirrorEnds; ++i) {
    std::int64_t total = 0;
    for (const auto& worker : workers_) total += worker->mirrored[i].value();
    append_sample(out, name, render_labels(labels({{"outcome", to_string(static_cast<MirrorEnd>(i))}})), number(total));
  }
  single(out, "weir_regex_limit_hits_total", constant_labels_, sum(&WorkerMetrics::regex_limit_hits));
  name = "weir_upstream_requests_total";
  family(out, name);
  append_sample(out, name, render_labels(labels({{"connection", "new"}})), sum(&WorkerMetrics::upstream_connects));
  append_sample(out, name, render_labels(labels({{"connection", "reused"}})), sum(&WorkerMetrics::upstream_reuses));
  single(out, "weir_passthrough_connections", constant_labels_, sum(&WorkerMetrics::passthrough_open));
  name = "weir_passthrough_connections_total";
  family(out, name);
  const auto outcome = [this](const char* value) { return render_labels(labels({{"outcome", value}})); };
  append_sample(out, name, outcome("failed"), sum(&WorkerMetrics::passthrough_failed));
  append_sample(out, name, outcome("refused"), sum(&WorkerMetrics::passthrough_refused));
  append_sample(out, name, outcome("relayed"), sum(&WorkerMetrics::passthrough_relayed));
  const auto protocol = [this](const char* value) { return render_labels(labels({{"protocol", value}})); };
  name = "weir_stream_sessions";
  family(out, name);
  append_sample(out, name, protocol("TCP"), sum(&WorkerMetrics::tcp_sessions_open));
  append_sample(out, name, protocol("UDP"), sum(&WorkerMetrics::udp_sessions_open));
  name = "weir_stream_sessions_total";
  family(out, name);
  append_sample(out, name, protocol("TCP"), sum(&WorkerMetrics::tcp_sessions));
  append_sample(out, name, protocol("UDP"), sum(&WorkerMetrics::udp_sessions));
  single(out, "weir_udp_datagrams_dropped_total", constant_labels_, sum(&WorkerMetrics::udp_dropped));
  single(out, "weir_workers", constant_labels_, number(static_cast<std::uint64_t>(workers_.size())));
  single(out, "weir_request_metrics_series", constant_labels_, number(static_cast<std::uint64_t>(requests_.series())));
  for (const auto& [source, read] : sources_) single(out, source, constant_labels_, number(read()));
}

void Metrics::write_process(std::string& out) const {
  const ProcessFigures figures = read_process_figures();
  single(out, "process_cpu_seconds_total", {}, figures.cpu_seconds);
  single(out, "process_max_fds", {}, number(figures.max_fds));
  single(out, "process_open_fds", {}, number(figures.open_fds));
  single(out, "process_resident_memory_bytes", {}, number(figures.resident_bytes));
  single(out, "process_start_time_seconds", {}, figures.start_time);
  single(out, "process_threads", {}, number(figures.threads));
  single(out, "process_virtual_memory_bytes", {}, number(figures.virtual_bytes));
  if (!options_.requests.enabled) return;
  const std::string prefix = "nginx_ingress_controller_nginx_process_";
  single(out, prefix + "cpu_seconds_total", constant_labels_, figures.cpu_seconds);
  single(out, prefix + "num_procs", constant_labels_, 1);
  single(out, prefix + "oldest_start_time_seconds", constant_labels_, figures.start_time);
  single(out, prefix + "read_bytes_total", constant_labels_, number(figures.read_bytes));
  single(out, prefix + "resident_memory_bytes", constant_labels_, number(figures.resident_bytes));
  single(out, prefix + "virtual_memory_bytes", constant_labels_, number(figures.virtual_bytes));
  single(out, prefix + "write_bytes_total", constant_labels_, number(figures.write_bytes));
}

std::string Metrics::scrape() {
  std::string out;
  write_process(out);
  if (!options_.requests.enabled) return out;
  out.append(registry_.scrape());
  write_workers(out);
  requests_.write(out);
  return out;
}

}  // namespace weir::observe
