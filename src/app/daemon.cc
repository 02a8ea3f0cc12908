#include "daemon.h"

#include "admin_server.h"
#include "admission_webhook.h"
#include "cluster_source.h"
#include "debug_client.h"
#include "inspection.h"
#include "load_model.h"
#include "machine.h"
#include "settings_checks.h"
#include "shutdown.h"
#include "version.h"
#include "weir/base/clock.h"
#include "weir/controller/loop.h"
#include "weir/features/filter_order.h"
#include "weir/features/settings_table.h"
#include "weir/model/review.h"
#include "weir/observe/access_log.h"
#include "weir/observe/log.h"
#include "weir/observe/metrics.h"
#include "weir/proxy/access_log_settings.h"
#include "weir/proxy/server.h"
#include "weir/watch/file_source.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>

namespace weir::app {

namespace asio = boost::asio;
namespace log = observe::log;

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

observe::MetricsOptions metrics_options(const ServeOptions& options) {
  observe::MetricsOptions m;
  m.requests = options.metrics;
  m.controller_namespace = environment("POD_NAMESPACE");
  m.controller_class = options.model.controller_class;
  m.controller_pod = environment("POD_NAME");
  m.version = version_text();
  m.build = build_id();
  return m;
}

// The ConfigMap as it is at start, for what cannot change later.
features::Settings initial_settings(const kube::ClusterState& state, const model::Options& options) {
  if (!options.config_map) return features::read_settings({}, {}).settings;
  const auto object = state.find<kube::ConfigMap>(*options.config_map);
  const base::ObjectRef ref{"ConfigMap", options.config_map->ns, options.config_map->name};
  return features::read_settings(object ? object->data : std::map<std::string, std::string>(), ref).settings;
}

// What makes a start impossible (spec 7, 8.9; rulings); nullopt: go on.
std::optional<std::string> check_objects(const kube::ClusterState& state, const model::Options& options) {
  if (options.default_backend_service && !state.find<kube::Service>(*options.default_backend_service)) {
    return "the Service " + kube::to_string(*options.default_backend_service) +
           " (flag --default-backend-service) does not exist";
  }
  return std::nullopt;
}

// Its key takes up to half a second, so it is made while the objects are read. With a default certificate it is hardly
// ever served, and made when it is.
std::shared_future<tls::CertificatePtr> begin_fake_certificate(const model::Options& options) {
  const auto when = options.default_ssl_certificate ? std::launch::deferred : std::launch::async;
  return std::async(when, tls::generate_fake_certificate).share();
}

class Daemon {
 public:
  explicit Daemon(const ServeOptions& options)
      : options_(options),
        metrics_(metrics_options(options)),
        access_log_(host_name()),
        fake_certificate_(begin_fake_certificate(options.model)) {}

  int run();

 private:
  bool start();
  bool start_files();
  bool start_cluster();
  // Everything is read: from here on there is something to serve.
  bool begin_serving(const std::string& from);
  void objects_changed();
  const kube::ClusterState& state() const { return files_ ? files_->state() : cluster_->state(); }
  bool start_server(const features::Settings& settings);
  void start_loop();
  bool start_admin();
  bool start_webhook();
  InspectionAnswer inspect_now(const std::string& target);
  model::Review review(const std::shared_ptr<const kube::Ingress>& ingress);
  base::Diagnostics apply_settings(const features::Settings& settings);

  const ServeOptions& options_;
  asio::io_context context_{1};
  observe::Metrics metrics_;
  observe::AccessLog access_log_;
  features::Settings at_start_;
  std::shared_future<tls::CertificatePtr> fake_certificate_;  // see begin_fake_certificate()
  // One of the two.
  std::unique_ptr<watch::FileSource> files_;
  std::unique_ptr<ClusterSource> cluster_;
  std::unique_ptr<proxy::Server> server_;
  std::unique_ptr<controller::Loop> loop_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<AdmissionWebhook> webhook_;
  std::atomic<bool> serving_{false};
  std::atomic<bool> stopping_{false};
  bool leads_ = true;          // see controller::Loop::take_lead()
  bool told_cluster_ = false;  // the last words to the API server were said
  bool failed_ = false;
};

// Settings that live outside the table. Called on the control thread before a table with them is published.
base::Diagnostics Daemon::apply_settings(const features::Settings& settings) {
  base::Diagnostics diagnostics =
      about_access_log(options_.model, access_log_.configure(proxy::access_log_settings(settings)));
  if (settings.workers != at_start_.workers || settings.bind_addresses != at_start_.bind_addresses ||
      settings.disable_ipv6 != at_start_.disable_ipv6) {
    diagnostics.push_back(
        about_config_map(options_.model, "needs-restart", "",
                         "worker-processes, bind-address and disable-ipv6 take effect at the next start"));
  }
  return diagnostics;
}

bool Daemon::start_server(const features::Settings& settings) {
  proxy::ServerOptions o;
  o.workers = settings.workers != 0 ? settings.workers : usable_cpus();
  o.http_port = options_.model.http_port;
  o.https_port = options_.model.https_port;
  o.bind_addresses = settings.bind_addresses;
  o.ipv6 = !settings.disable_ipv6;
  o.filters = features::filter_order();
  o.access_log = &access_log_;
  o.metrics = &metrics_;
  const std::string temporary = environment("TMPDIR");
  if (!temporary.empty()) o.temp_directory = temporary;
  const unsigned workers = o.workers;
  server_ = std::make_unique<proxy::Server>(std::move(o));
  const base::Result<void> started = server_->start();
  if (!started) {
    log::error("serve", "{}", started.error().text());
    return false;
  }
  log::info("serve", "serving HTTP on port {} and HTTPS on port {} with {} workers", server_->http_port(),
            server_->https_port(), workers);
  return true;
}

void Daemon::start_loop() {
  controller::LoopOptions o;
  o.min_interval = options_.table_interval;
  o.model = options_.model;
  o.model.assume_own_class = files_ != nullptr;
  if (o.model.zone.empty()) o.model.zone = environment("WEIR_ZONE");
  if (o.model.topology_aware_routing && o.model.zone.empty()) {
    log::warn("serve", "--enable-topology-aware-routing has no effect: the own zone is unknown, set --zone");
  }
  if (cluster_) {
    o.model.class_api_readable = cluster_->classes_readable();
    o.after_turn = [this](const controller::Turn& turn) { cluster_->after_turn(turn); };
  }
  // Redirects and X-Forwarded-Port name the ports that clients see, also when the system chose them.
  o.model.http_port = server_->http_port();
  o.model.https_port = server_->https_port();
  o.model.reserved_ports.healthz = options_.healthz_port;
  o.compile = compile_options(o.model);
  o.compile.fake_certificate = [made = fake_certificate_] { return made.get(); };
  loop_ = std::make_unique<controller::Loop>(
      context_, std::move(o),
      [this] {
        return files_ ? controller::Input{&files_->state(), files_->take_changes(), files_->diagnostics()}
                      : controller::Input{&cluster_->state(), cluster_->take_changes(), cluster_->diagnostics()};
      },
      *server_, metrics_, [this](const features::Settings& settings) { return apply_settings(settings); });
  loop_->take_lead(leads_);
  loop_->run_now();
}

// What is in force at this moment. Control thread.
InspectionAnswer Daemon::inspect_now(const std::string& target) {
  if (!serving_) return {503, "text/plain; charset=utf-8", "the objects are not read yet\n"};
  const route::RoutingTablePtr table = loop_->table();
  const base::Diagnostics diagnostics = loop_->diagnostics();
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(base::wall_clock());
  return inspect({*table, loop_->model(), loop_->accepted(), diagnostics}, options_.model, target, now.count());
}

bool Daemon::start_admin() {
  AdminHandlers handlers;
  handlers.healthy = [this] { return !stopping_.load(std::memory_order_relaxed); };
  handlers.ready = [this] { return !stopping_.load(std::memory_order_relaxed) && serving_ && loop_->ready(); };
  handlers.metrics = [this] { return metrics_.scrape(); };
  handlers.inspect = [this](std::string target, AdminHandlers::Done done) {
    asio::post(context_, [this, target = std::move(target), done = std::move(done)] { done(inspect_now(target)); });
  };
  handlers.health_path = options_.model.health_check_path;
  handlers.page_on_port = options_.admin_page;
  admin_ = std::make_unique<AdminServer>(std::move(handlers));
  if (options_.debug_socket != "off") {
    // Without it everything but `weir config` works.
    const auto local =
        admin_->listen_local(options_.debug_socket == "auto" ? debug_socket_path() : options_.debug_socket);
    if (!local) log::warn("serve", "{}", local.error().text());
  }
  const auto port = admin_->start(options_.healthz_host, options_.healthz_port);
  if (!port) {
    log::error("serve", "{}",
               port.error().code() == EADDRINUSE ? "port " + std::to_string(options_.healthz_port) +
                                                       " is already in use. Please check the flag --healthz-port"
                                                 : port.error().text());
    return false;
  }
  log::info("serve", "answering /healthz, /readyz and /metrics on port {}", *port);
  return true;
}

// Judges by what is in force at this moment. Control thread.
model::Review Daemon::review(const std::shared_ptr<const kube::Ingress>& ingress) {
  const auto began = std::chrono::steady_clock::now();
  const model::AcceptedSet& live = loop_->accepted();
  model::Review found = model::review(ingress, live, state(), options_.model, options_.webhook_alone);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  auto& registry = metrics_.registry();
  const std::string prefix = "nginx_ingress_controller_";
  if (found.counted) {
    registry.add(prefix + (found.allowed ? "check_success" : "check_errors"),
                 metrics_.labels({{"ingress", ingress->meta.name}, {"namespace", ingress->meta.ns}}));
  }
  const double compared = options_.webhook_alone ? 1.0 : static_cast<double>(live.ingresses.size());
  const std::pair<const char*, double> last[] = {{"admission_tested_ingresses", 1.0},
                                                 {"admission_tested_duration", took.count()},
                                                 {"admission_render_ingresses", compared},
                                                 {"admission_render_duration", 0.0},
                                                 {"admission_roundtrip_duration", took.count()},
                                                 {"admission_config_size", 0.0}};
  for (const auto& [name, value] : last) registry.set(prefix + name, metrics_.labels(), value);
  if (!found.allowed) {
    log::info("webhook", "Ingress {}/{} is refused: {}", ingress->meta.ns, ingress->meta.name, found.message);
  }
  return found;
}

bool Daemon::start_webhook() {
  if (options_.webhook_address.empty()) return true;
  webhook_ = std::make_unique<AdmissionWebhook>(
      AdmissionWebhookOptions{options_.webhook_address, options_.webhook_certificate, options_.webhook_key},
      [this](std::shared_ptr<const kube::Ingress> ingress, AdmissionWebhook::Done done) {
        asio::post(context_, [this, ingress = std::move(ingress), done = std::move(done)] { done(review(ingress)); });
      });
  const auto port = webhook_->start();
  if (!port) {
    log::error("serve", "{}", port.error().text());
    return false;
  }
  log::info("serve", "reviewing Ingresses on port {}", *port);
  return true;
}

bool Daemon::start() {
  raise_descriptor_limit();
  raise_bind_capability();
  const std::pair<std::uint16_t, const char*> ports[] = {{options_.model.http_port, "--http-port"},
                                                         {options_.model.https_port, "--https-port"}};
  for (const auto& [port, flag] : ports) {
    const base::Result<void> free = check_port_free(port, flag);
    if (!free) {
      log::error("serve", "{}", free.error().text());
      return false;
    }
  }
  metrics_.add_counter_source("weir_access_log_lines_dropped_total", [this] { return access_log_.dropped_lines(); });
  return options_.manifests.empty() ? start_cluster() : start_files();
}

bool Daemon::start_files() {
  files_ = std::make_unique<watch::FileSource>(context_, options_.manifests, [this] {
    if (loop_) loop_->changed();
  });
  const base::Result<void> read = files_->start();
  if (!read) {
    log::error("serve", "--manifests: {}", read.error().text());
    return false;
  }
  // Standalone there is nobody to lose an election against.
  metrics_.registry().set("nginx_ingress_controller_leader_election_status",
                          metrics_.labels({{"name", options_.election_id}}), 1);
  return begin_serving(options_.manifests) && start_admin();
}

// Probes are answered while the objects are still being read: an API server may be slow, or away.
bool Daemon::start_cluster() {
  auto config = watch::load_api_config(options_.api, watch::ApiEnvironment::of_process());
  if (!config) {
    log::error("serve", "{}", config.error().text());
    return false;
  }
  cluster_ = std::make_unique<ClusterSource>(
      context_, std::move(*config), options_, metrics_, [this] { objects_changed(); },
      [this](bool leads) {
        leads_ = leads;
        if (loop_) loop_->take_lead(leads);
      });
  cluster_->start();
  return start_admin();
}

void Daemon::objects_changed() {
  if (loop_) {
    loop_->changed();
  } else if (!stopping_ && !begin_serving("the API server")) {
    failed_ = true;
    context_.stop();
  }
}

bool Daemon::begin_serving(const std::string& from) {
  const kube::ClusterState& objects = state();
  log::info("serve", "{}: {} Ingresses, {} Services, {} EndpointSlices, {} Secrets, {} ConfigMaps", from,
            objects.ingresses.size(), objects.services.size(), objects.endpoint_slices.size(), objects.secrets.size(),
            objects.config_maps.size());
  if (const auto problem = check_objects(objects, options_.model)) {
    log::error("serve", "{}", *problem);
    return false;
  }
  if (const auto problem = cluster_ ? cluster_->missing_object() : std::nullopt) {
    log::error("serve", "{}", *problem);
    return false;
  }
  at_start_ = initial_settings(objects, options_.model);
  if (!start_server(at_start_)) return false;
  start_loop();
  serving_ = true;
  return start_webhook();
}

int Daemon::run() {
  Shutdown shutdown(context_);  // first: a signal during the start is not lost
  if (!start()) return 1;
  ShutdownSteps steps;
  steps.grace = options_.shutdown_grace;
  steps.post_grace = options_.post_shutdown_grace;
  steps.on_signal = [this](int signal) {
    log::info("serve", "{} received, shutting down", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    stopping_.store(true, std::memory_order_relaxed);
  };
  steps.drain = [this] {
    if (cluster_) cluster_->shut_down([this] { told_cluster_ = true; });
    if (!serving_) return;
    const route::RoutingTablePtr table = loop_->table();
    const auto limit = table && table->settings ? table->settings->worker_shutdown_timeout : std::chrono::seconds(240);
    server_->drain(limit);
  };
  steps.drained = [this] {
    return (!cluster_ || told_cluster_) && (!serving_ || server_->wait_drained(std::chrono::milliseconds(0)));
  };
  steps.after_drain = [this] {
    if (server_) server_->stop();  // workers hand over their last log lines
    access_log_.drain(std::chrono::seconds(1));
    log::info("serve", "all requests have ended");
  };
  steps.reopen_logs = [this] {
    for (const std::string& problem : access_log_.reopen()) log::error("serve", "SIGUSR1: {}", problem);
    log::info("serve", "SIGUSR1 received, log files are opened again");
  };
  shutdown.arm(std::move(steps));
  context_.run();
  // Their threads ask the loop: they end first.
  webhook_.reset();
  admin_->stop();
  loop_.reset();
  log::info("serve", "stopped");
  return failed_ ? 1 : 0;
}

}  // namespace

int run_daemon(const ServeOptions& options) {
  int status = 1;
  {
    Daemon daemon(options);
    status = daemon.run();
  }
  return status;
}

}  // namespace weir::app
