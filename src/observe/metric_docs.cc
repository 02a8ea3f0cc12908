#include "weir/observe/metrics_registry.h"

#include <algorithm>

namespace weir::observe {

namespace {

constexpr auto kCounter = MetricType::counter;
constexpr auto kGauge = MetricType::gauge;
constexpr auto kHistogram = MetricType::histogram;
constexpr std::string_view kRequestLabels = "canary host ingress method namespace path service status";
constexpr std::string_view kCertificateLabels = "class host identifier namespace secret_name";

}  // namespace

const std::vector<MetricDoc>& metric_docs() {
  static const std::vector<MetricDoc> docs = [] {
    std::vector<MetricDoc> d{
        // Requests (spec 8.1). The texts say what is measured; the original's own text for request_duration_seconds
        // speaks
        // of milliseconds, which was always wrong.
        {"nginx_ingress_controller_requests", kCounter, kRequestLabels, "The total number of client requests", true},
        {"nginx_ingress_controller_request_duration_seconds", kHistogram, kRequestLabels,
         "The request processing time in seconds, with the transfer to the client", true},
        {"nginx_ingress_controller_connect_duration_seconds", kHistogram, kRequestLabels,
         "The time spent on establishing a connection with the upstream server", true},
        {"nginx_ingress_controller_header_duration_seconds", kHistogram, kRequestLabels,
         "The time spent on receiving the first header from the upstream server", true},
        {"nginx_ingress_controller_response_duration_seconds", kHistogram, kRequestLabels,
         "The time spent on receiving the response from the upstream server", true},
        {"nginx_ingress_controller_request_size", kHistogram, kRequestLabels,
         "The request length in bytes (including request line, header, and request body)", true},
        {"nginx_ingress_controller_response_size", kHistogram, kRequestLabels,
         "The response length in bytes (including status line, header, and response body)", true},
        {"nginx_ingress_controller_bytes_sent", kHistogram, kRequestLabels,
         "The number of bytes sent to a client; deprecated, use response_size", true},
        // The proxy; the names are the original's, the process is Weir's own.
        {"nginx_ingress_controller_nginx_process_connections", kGauge, "state",
         "Current number of client connections with state {active, reading, writing, waiting}", true},
        {"nginx_ingress_controller_nginx_process_connections_total", kCounter, "state",
         "Total number of connections with state {accepted, handled}", true},
        {"nginx_ingress_controller_nginx_process_requests_total", kCounter, "", "Total number of client requests",
         true},
        {"nginx_ingress_controller_nginx_process_num_procs", kGauge, "", "Number of proxy processes", true},
        {"nginx_ingress_controller_nginx_process_cpu_seconds_total", kCounter, "", "CPU usage in seconds", true},
        {"nginx_ingress_controller_nginx_process_read_bytes_total", kCounter, "", "Number of bytes read from storage",
         true},
        {"nginx_ingress_controller_nginx_process_write_bytes_total", kCounter, "", "Number of bytes written to storage",
         true},
        {"nginx_ingress_controller_nginx_process_resident_memory_bytes", kGauge, "", "Number of bytes of memory in use",
         true},
        {"nginx_ingress_controller_nginx_process_virtual_memory_bytes", kGauge, "", "Number of bytes of memory in use",
         true},
        {"nginx_ingress_controller_nginx_process_oldest_start_time_seconds", kGauge, "",
         "Start time in seconds since 1970/01/01", true},
        // The controller.
        {"nginx_ingress_controller_build_info", kGauge, "build release repository",
         "A metric with a constant '1' labeled with information about the build", true},
        {"nginx_ingress_controller_config_hash", kGauge, "",
         "Running configuration hash actually running, 0 after a failure", true},
        {"nginx_ingress_controller_config_last_reload_successful", kGauge, "",
         "Whether the last configuration reload attempt was successful", true},
        {"nginx_ingress_controller_config_reload_success", kGauge, "",
         "The same as config_last_reload_successful, under its other common name", true},
        {"nginx_ingress_controller_config_last_reload_successful_timestamp_seconds", kGauge, "",
         "Timestamp of the last successful configuration reload", true},
        {"nginx_ingress_controller_success", kCounter, "", "Cumulative number of configurations taken over", true},
        {"nginx_ingress_controller_errors", kCounter, "", "Cumulative number of configurations that failed", true},
        {"nginx_ingress_controller_ssl_expire_time_seconds", kGauge, kCertificateLabels,
         "Number of seconds since 1970 to the SSL Certificate expire", true},
        {"nginx_ingress_controller_ssl_certificate_expiry_seconds", kGauge, kCertificateLabels,
         "Number of seconds until the certificate expires, negative afterwards", true},
        {"nginx_ingress_controller_ssl_certificate_info", kGauge,
         "class host identifier issuer_common_name issuer_organization namespace public_key_algorithm secret_name "
         "serial_number",
         "A metric with a constant '1' labeled with information about the certificate", true},
        {"nginx_ingress_controller_leader_election_status", kGauge, "name",
         "Gauge reporting status of the leader election, 0 indicates follower, 1 indicates leader", true},
        {"nginx_ingress_controller_admission_config_size", kGauge, "",
         "Size of the configuration of the last admission check; always 0, there is no configuration text", true},
        {"nginx_ingress_controller_admission_render_duration", kGauge, "",
         "Seconds spent on configuration text by the last admission check; always 0", true},
        {"nginx_ingress_controller_admission_render_ingresses", kGauge, "",
         "Ingresses that the last admission check compared with", true},
        {"nginx_ingress_controller_admission_roundtrip_duration", kGauge, "", "Seconds of the last admission check",
         true},
        {"nginx_ingress_controller_admission_tested_duration", kGauge, "",
         "Seconds spent on the object by the last admission check", true},
        {"nginx_ingress_controller_admission_tested_ingresses", kGauge, "",
         "Ingresses judged by the last admission check", true},
        {"nginx_ingress_controller_check_errors", kCounter, "ingress namespace",
         "Ingresses that the admission webhook refused for their annotations or because another Ingress has their "
         "paths",
         true},
        {"nginx_ingress_controller_check_success", kCounter, "ingress namespace",
         "Ingresses of this controller that the admission webhook allowed", true},
        {"nginx_ingress_controller_orphan_ingress", kGauge, "ingress namespace type",
         "Gauge reporting status of ingress orphanity, 1 indicates orphaned ingress", true},
        // Weir's own.
        {"weir_access_log_lines_dropped_total", kCounter, "",
         "Access log lines lost because the stream was stuck, closed or full", true},
        {"weir_log_lines_dropped_total", kCounter, "", "Controller log lines lost for the same reasons", true},
        {"weir_request_metrics_dropped_total", kCounter, "", "Request samples not counted: too many series", true},
        {"weir_request_metrics_series", kGauge, "", "Series of request metrics kept, over all workers", true},
        {"weir_proxy_responses_total", kCounter, "reason", "Responses made by the proxy itself, by reason code", true},
        {"weir_mirror_requests_total", kCounter, "outcome",
         "Copies of requests for mirror-target: answered, lost on the way (invalid-url, unresolved, unreachable, "
         "timeout, "
         "malformed) or not sent, too many or too much being under way (busy, memory)",
         true},
        {"weir_regex_limit_hits_total", kCounter, "", "Path matches given up at the regex limit (no match)", true},
        {"weir_upstream_requests_total", kCounter, "connection",
         "Requests sent to endpoints on a new or a reused connection", true},
        {"weir_passthrough_connections", kGauge, "", "TLS connections passed on unread (ssl-passthrough), open now",
         true},
        {"weir_passthrough_connections_total", kCounter, "outcome",
         "The same since the start: relayed, refused (by address), failed (no endpoint took them)", true},
        {"weir_stream_sessions", kGauge, "protocol", "Sessions of TCP and UDP services, open now", true},
        {"weir_stream_sessions_total", kCounter, "protocol", "The same since the start", true},
        {"weir_udp_datagrams_dropped_total", kCounter, "",
         "Datagrams of UDP services that were not passed on: no endpoint, no room, or a full socket", true},
        {"weir_config_change_to_live_seconds", kHistogram, "",
         "Time from noticing a change of the objects until every worker serves it", true},
        {"weir_config_build_seconds", kHistogram, "", "Time to turn the objects into a routing table", true},
        {"weir_config_generation", kGauge, "", "Generation of the routing table that every worker serves", true},
        {"weir_table_size", kGauge, "kind", "Number of hosts, locations, backends and endpoints served", true},
        {"weir_diagnostics", kGauge, "severity", "Number of diagnostics about the objects at present", true},
        {"weir_objects", kGauge, "kind", "Number of objects read, by kind", true},
        {"weir_status_writes_total", kCounter, "outcome",
         "Statuses of Ingresses by outcome: written, unchanged, failed (repeated later), gone", true},
        {"weir_events_written_total", kCounter, "", "Events written", true},
        {"weir_events_dropped_total", kCounter, "", "Events not written: refused by the server, or too many", true},
        {"weir_watch_age_seconds", kGauge, "resource",
         "Time for which changes at the API server have not been heard of; 0 while they are", true},
        {"weir_watch_synced", kGauge, "resource", "Whether all objects have been read at least once", true},
        {"weir_watch_objects", kGauge, "resource", "Number of objects known, whether Weir holds them or not", true},
        {"weir_watch_lists_total", kCounter, "resource", "Times all objects were asked for", true},
        {"weir_watch_watches_total", kCounter, "resource", "Watches begun", true},
        {"weir_watch_failures_total", kCounter, "resource",
         "Requests for objects that were refused, not answered or not understood", true},
        {"weir_watch_skipped_total", kCounter, "resource", "Objects and events that could not be used", true},
        {"weir_workers", kGauge, "", "Number of worker threads", true},
        // The process, always there.
        {"process_cpu_seconds_total", kCounter, "", "Total user and system CPU time spent in seconds", false},
        {"process_open_fds", kGauge, "", "Number of open file descriptors", false},
        {"process_max_fds", kGauge, "", "Maximum number of open file descriptors", false},
        {"process_virtual_memory_bytes", kGauge, "", "Virtual memory size in bytes", false},
        {"process_resident_memory_bytes", kGauge, "", "Resident memory size in bytes", false},
        {"process_start_time_seconds", kGauge, "", "Start time of the process since unix epoch in seconds", false},
        {"process_threads", kGauge, "", "Number of threads", false},
    };
    std::sort(d.begin(), d.end(), [](const MetricDoc& a, const MetricDoc& b) { return a.name < b.name; });
    return d;
  }();
  return docs;
}

const MetricDoc* find_metric_doc(std::string_view name) {
  const auto& docs = metric_docs();
  const auto it = std::lower_bound(docs.begin(), docs.end(), name,
                                   [](const MetricDoc& d, std::string_view n) { return d.name < n; });
  return it != docs.end() && it->name == name ? &*it : nullptr;
}

}  // namespace weir::observe
