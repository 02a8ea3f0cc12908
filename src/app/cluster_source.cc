#include "cluster_source.h"

#include "cluster_writers.h"
#include "machine.h"
#include "weir/observe/log.h"
#include "weir/watch/api_client.h"
#include "weir/watch/api_source.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <utility>

namespace weir::app {

namespace asio = boost::asio;
namespace log = observe::log;

namespace {

// Between two looks at the watches, for their metrics.
constexpr std::chrono::seconds kReportInterval{2};
// Between two lines about what a start waits for.
constexpr int kTicksBetweenLines = 5;
constexpr int kOk = 200;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;

std::string environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value && *value != '\0' ? value : otherwise;
}

// Who we are: in a Pod its spec says so; elsewhere the machine and the context do.
kube::ObjectName own_pod(const watch::ApiConfig& config) {
  return {environment("POD_NAMESPACE", config.ns.empty() ? "default" : config.ns),
          environment("POD_NAME", host_name().empty() ? "weir" : host_name())};
}

watch::ApiSourceOptions source_options(const ServeOptions& options, const kube::ObjectName& pod) {
  watch::ApiSourceOptions o;
  o.watch_namespace = options.model.watch_namespace;
  o.namespace_selector = options.watch_namespace_selector;
  o.annotations_prefix = options.model.annotations_prefix;
  o.config_map = options.model.config_map;
  o.default_ssl_certificate = options.model.default_ssl_certificate;
  for (const auto& services : {options.model.tcp_services, options.model.udp_services}) {
    if (services) o.port_services.push_back(*services);
  }
  if (options.model.default_backend_service) o.services.push_back(*options.model.default_backend_service);
  const bool writes = options.status.update_status && options.leader_election;
  if (options.status.service) o.services.push_back(*options.status.service);
  if (writes) o.pods_namespace = pod.ns;
  o.nodes = writes && !options.status.service && options.status.addresses.empty();
  return o;
}

}  // namespace

struct ClusterSource::State {
  State(asio::io_context& context, watch::ApiConfig config, const ServeOptions& o, observe::Metrics& m,
        std::function<void()> changed, std::function<void(bool)> on_lead)
      : options(o),
        metrics(m),
        on_change(std::move(changed)),
        pod(own_pod(config)),
        client(context, std::move(config)),
        source(context, client, source_options(o, pod), [this] { objects_changed(); }),
        writers(context, o, pod, m, client.call(), std::move(on_lead)),
        timer(context) {}

  const ServeOptions& options;
  observe::Metrics& metrics;
  const std::function<void()> on_change;
  const kube::ObjectName pod;
  watch::ApiClient client;
  watch::ApiSource source;
  ClusterWriters writers;
  asio::steady_timer timer;
  bool begun = false;
  bool checking = false;
  bool no_namespace = false;  // that of --watch-namespace does not exist
  int ticks = 0;
  const std::shared_ptr<State*> self = std::make_shared<State*>(this);  // answers hold it weakly

  void objects_changed();
  void begin();
  void check_namespace(bool by_list);
  void take_namespace(bool by_list, const base::Result<watch::ApiAnswer>& answer);

  void tick();
  void report();
};

void ClusterSource::State::objects_changed() {
  if (begun) return on_change();
  if (std::exchange(checking, true)) return;
  if (options.model.watch_namespace.empty()) return begin();
  check_namespace(false);
}

void ClusterSource::State::begin() {
  begun = true;
  if (!no_namespace) writers.start();
  on_change();
}

// A typing error in the flag would otherwise look like an empty namespace. The original's ClusterRole lets namespaces
// be listed, its Role lets the own one be read: either will do.
void ClusterSource::State::check_namespace(bool by_list) {
  const std::string& name = options.model.watch_namespace;
  const std::string path = by_list ? "?fieldSelector=metadata.name%3D" + name : "/" + name;
  client.call()({"GET", "/api/v1/namespaces" + path, "", ""},
                [weak = std::weak_ptr<State*>(self), by_list](const base::Result<watch::ApiAnswer>& answer) {
                  if (const auto alive = weak.lock()) (*alive)->take_namespace(by_list, answer);
                });
}

void ClusterSource::State::take_namespace(bool by_list, const base::Result<watch::ApiAnswer>& answer) {
  const int status = answer ? answer->status : 0;
  if (status == kForbidden && !by_list) return check_namespace(true);
  if (by_list && status == kOk) {
    const auto list = nlohmann::json::parse(answer->body, nullptr, false);
    no_namespace = list.is_object() && list.contains("items") && list["items"].is_array() && list["items"].empty();
  } else {
    no_namespace = !by_list && status == kNotFound;
  }
  if (!no_namespace && status != kOk) {
    log::warn("serve", "whether the namespace {} (flag --watch-namespace) exists is not known: {}",
              options.model.watch_namespace,
              answer ? "the API server answers " + std::to_string(status) : answer.error().text());
  }
  begin();
}

void ClusterSource::State::tick() {
  report();
  if (!source.synced() && ++ticks % kTicksBetweenLines == 0) {
    std::string names;
    for (const std::string& name : source.missing()) names += (names.empty() ? "" : ", ") + name;
    log::warn("serve", "not ready: still waiting for {}", names.empty() ? "objects that Ingresses name" : names);
  }
  timer.expires_after(kReportInterval);
  timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

// Several scopes of one resource are one series: counts are added, the worst age counts.
void ClusterSource::State::report() {
  std::map<std::string, watch::WatchReport> by_resource;
  for (const watch::WatchReport& one : source.report()) {
    if (one.denied) continue;
    const auto [it, is_first] = by_resource.try_emplace(one.resource, one);
    if (is_first) continue;
    watch::WatchReport& sum = it->second;
    sum.synced = sum.synced && one.synced;
    sum.objects += one.objects;
    sum.lists += one.lists;
    sum.watches += one.watches;
    sum.failures += one.failures;
    sum.skipped += one.skipped;
    sum.deaf = std::max(sum.deaf, one.deaf);
  }
  for (const auto& [resource, sum] : by_resource) {
    const std::array<std::pair<const char*, double>, 7> values{
        {{"weir_watch_age_seconds", std::chrono::duration<double>(sum.deaf).count()},
         {"weir_watch_synced", sum.synced ? 1.0 : 0.0},
         {"weir_watch_objects", static_cast<double>(sum.objects)},
         {"weir_watch_lists_total", static_cast<double>(sum.lists)},
         {"weir_watch_watches_total", static_cast<double>(sum.watches)},
         {"weir_watch_failures_total", static_cast<double>(sum.failures)},
         {"weir_watch_skipped_total", static_cast<double>(sum.skipped)}}};
    for (const auto& [name, value] : values) {
      metrics.registry().set(name, metrics.labels({{"resource", resource}}), value);
    }
  }
}

ClusterSource::ClusterSource(asio::io_context& context, watch::ApiConfig config, const ServeOptions& options,
                             observe::Metrics& metrics, std::function<void()> on_change,
                             std::function<void(bool leads)> on_lead)
    : state_(std::make_unique<State>(context, std::move(config), options, metrics, std::move(on_change),
                                     std::move(on_lead))) {}

ClusterSource::~ClusterSource() = default;

void ClusterSource::start() {
  const watch::ApiConfig& config = state_->client.config();
  log::info("serve", "reading objects from the API server at {}://{} ({}) as {}", config.tls ? "https" : "http",
            watch::authority_of(config) + config.base_path, config.source, kube::to_string(state_->pod));
  if (config.insecure) log::warn("serve", "the API server is not verified (--allow-insecure-kubeconfig)");
  if (!config.tls) log::warn("serve", "the connection to the API server is not encrypted");
  state_->source.start();
  state_->tick();
}

std::optional<std::string> ClusterSource::missing_object() const {
  const State& s = *state_;
  if (s.no_namespace) {
    return "the namespace " + s.options.model.watch_namespace + " (flag --watch-namespace) does not exist";
  }
  const auto& service = s.options.status.service;
  if (service && !s.source.state().find<kube::Service>(*service)) {
    return "the Service " + kube::to_string(*service) + " (flag --publish-service) does not exist, or may not be read";
  }
  return std::nullopt;
}

const kube::ClusterState& ClusterSource::state() const {
  return state_->source.state();
}

kube::Changes ClusterSource::take_changes() {
  return state_->source.take_changes();
}

base::Diagnostics ClusterSource::diagnostics() const {
  return state_->source.diagnostics();
}

bool ClusterSource::classes_readable() const {
  return state_->source.classes_readable();
}

void ClusterSource::after_turn(const controller::Turn& turn) {
  state_->writers.after_turn(turn);
}

void ClusterSource::shut_down(std::function<void()> done) {
  if (!state_->begun) return done();
  state_->writers.shut_down(std::move(done));
}

}  // namespace weir::app
