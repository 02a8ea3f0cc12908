// What `weir serve` was asked to do, and the table of its flags (spec 7). Plain values; main thread.
#pragma once

#include "command_line.h"
#include "weir/controller/status_reporter.h"
#include "weir/model/options.h"
#include "weir/observe/log.h"
#include "weir/observe/request_metrics.h"
#include "weir/watch/api_config.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir::app {

struct ServeOptions {
  model::Options model;
  std::string manifests;  // standalone mode; empty: an API server
  std::uint16_t healthz_port = 10254;
  std::string healthz_host;  // empty: all addresses
  observe::RequestMetricsOptions metrics;
  std::chrono::seconds shutdown_grace{0};
  std::chrono::seconds post_shutdown_grace{10};
  observe::LogLevel log_level = observe::LogLevel::info;
  observe::LogStyle log_style = observe::LogStyle::text;
  std::string election_id = "ingress-controller-leader";
  std::chrono::milliseconds election_ttl{30000};
  bool leader_election = true;
  controller::StatusOptions status;  // `pod` and `annotations_prefix` are filled in at start
  std::chrono::seconds status_interval{60};
  std::chrono::milliseconds table_interval{50};  // controller::LoopOptions::min_interval
  watch::ApiFlags api;
  std::string watch_namespace_selector;
  bool admin_page = false;            // the page and the inspection API on healthz_port too
  std::string debug_socket = "auto";  // path; "auto": weir-<pid>.sock among the temporary files; "off"
  std::string webhook_address;        // of the admission webhook; empty: off
  std::string webhook_certificate;
  std::string webhook_key;
  bool webhook_alone = false;  // --disable-full-test
  bool show_version = false;
};

// Every flag of spec 7 and Weir's own. The rows write into `options`, which must outlive them.
std::vector<Flag> serve_flags(ServeOptions& options);
// The rows that decide how objects are read: shared with `check` and `explain`.
std::vector<Flag> reading_flags(ServeOptions& options);

// Combinations that cannot work together (spec 7); nullopt: fine.
std::optional<std::string> check_combination(const ServeOptions& options);

}  // namespace weir::app
