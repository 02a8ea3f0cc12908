#include "weir/controller/loop.h"

#include "diagnostics_log.h"
#include "table_metrics.h"
#include "weir/observe/log.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <deque>
#include <utility>

namespace weir::controller {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

const std::vector<double> kSecondsBuckets{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
// A table is taken over within a turn of each worker's loop; a worker that takes longer is asked less and less often.
constexpr std::chrono::milliseconds kFirstPoll{1};
constexpr std::chrono::milliseconds kLastPoll{32};
constexpr std::chrono::seconds kPublishLogInterval{1};   // between two lines about published tables
constexpr std::chrono::milliseconds kMetricsDelay{500};  // from a turn to the metrics about the table's contents

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

struct Loop::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, LoopOptions o, Read r, proxy::Publisher& p, observe::Metrics& m, ApplySettings a)
      : executor(context),
        timer(context),
        watch_timer(context),
        metrics_timer(context),
        port_timer(context),
        options(std::move(o)),
        read(std::move(r)),
        publisher(p),
        metrics(m),
        apply_settings(std::move(a)),
        acceptor(options.model),
        builder(options.model),
        compiler(options.compile),
        table_metrics(m) {}

  asio::io_context& executor;
  asio::steady_timer timer;
  asio::steady_timer watch_timer;
  asio::steady_timer metrics_timer;
  asio::steady_timer port_timer;
  LoopOptions options;
  Read read;
  proxy::Publisher& publisher;
  observe::Metrics& metrics;
  ApplySettings apply_settings;

  model::Acceptor acceptor;
  model::Builder builder;
  route::Compiler compiler;
  std::shared_ptr<const features::Settings> settings;  // last ones given to apply_settings
  route::RoutingTablePtr published;
  base::DiagnosticBook book;
  const kube::ClusterState* objects = nullptr;  // of the last turn
  bool published_since = false;                 // since the last after_turn
  kube::Changes changed_since;                  // the same
  base::Diagnostics told;                       // the book as it was at the last after_turn
  std::uint64_t told_revision = 0;
  TableMetrics table_metrics;

  bool pending = false;
  bool stopped = false;
  bool sizes_pending = false;
  Clock::time_point first_change;
  Clock::time_point last_turn;  // its start
  // Tables on their way to the workers: generation, and when the change behind it was noticed.
  std::deque<std::pair<std::uint64_t, Clock::time_point>> travelling;
  std::chrono::milliseconds poll = kFirstPoll;
  Clock::time_point last_publish_line;
  std::atomic<bool> ready{false};

  void note(Clock::time_point noticed);
  void turn();
  void publish(const route::RoutingTablePtr& table, Clock::time_point noticed);
  void report(const Input& input, bool reload, const std::string& hash);
  void report_sizes_soon();
  void report_sizes();
  void watch_in_force();
  void open_ports();
};

void Loop::State::note(Clock::time_point noticed) {
  if (stopped) return;
  const auto now = Clock::now();
  if (!pending) {
    pending = true;
    first_change = noticed;
  }
  const auto at = std::max(std::min(now + options.quiet, std::max(now, first_change + options.max_delay)),
                           last_turn + options.min_interval);
  timer.expires_at(at);
  timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->stopped && self->pending) self->turn();
  });
}

namespace {

// Equal tables need not travel. The hash covers what is printable; certificates and settings are compared as well.
bool same_effect(const route::RoutingTable& a, const route::RoutingTable& b) {
  if (a.hash != b.hash || a.tls_context != b.tls_context || a.default_certificate != b.default_certificate)
    return false;
  if (!a.settings != !b.settings) return false;
  if (a.settings && a.settings != b.settings && !(*a.settings == *b.settings)) return false;
  if (a.host_list == b.host_list) return true;
  return std::equal(
      a.hosts().begin(), a.hosts().end(), b.hosts().begin(), b.hosts().end(),
      [](const auto& one, const auto& other) { return one == other || one->certificate == other->certificate; });
}

}  // namespace

void Loop::State::turn() {
  pending = false;
  const auto start = Clock::now();
  last_turn = start;
  const auto noticed = std::min(first_change, start);
  Input input = read();
  const kube::ClusterState& state = *input.state;
  objects = input.state;
  if (options.after_turn) changed_since.merge(input.changes);
  const kube::Changes changes = acceptor.update(state, std::move(input.changes), book);
  if (options.after_turn) changed_since.merge(changes);
  const model::Model& model = builder.update(acceptor.set(), state, changes, book);
  const route::CompileResult compiled = compiler.compile(model);

  if (apply_settings && model.settings && (!settings || !(*settings == *model.settings))) {
    settings = model.settings;
    book.set("settings", apply_settings(*settings));
  }
  book.set("source", input.diagnostics);
  book.set("compile", compiled.diagnostics);
  log_diagnostics(book.take_new());

  const bool changed = !published || !same_effect(*published, *compiled.table);
  const auto built_at = Clock::now();
  if (changed) {
    table_metrics.take_hosts(compiled.table->host_list);
    publish(compiled.table, noticed);
    published_since = true;
    // Endpoints may change many times a second: one line a second is enough to see that it lives.
    if (built_at - last_publish_line >= kPublishLogInterval) {
      last_publish_line = built_at;
      observe::log::info("controller", "table {} published: {} hosts, {} backends, built in {:.1f} ms",
                         compiled.table->generation, compiled.table->hosts().size(), model.backends.size(),
                         seconds(built_at - start) * 1000);
    }
  }
  metrics.registry().observe("weir_config_build_seconds", kSecondsBuckets, seconds(built_at - start));
  report(input, changed, compiled.table->hash);
  report_sizes_soon();
}

// With many objects these metrics cost more than the table did; a scrape may be a second behind.
void Loop::State::report_sizes_soon() {
  if (std::exchange(sizes_pending, true)) return;
  metrics_timer.expires_after(kMetricsDelay);
  metrics_timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->stopped) self->report_sizes();
  });
}

void Loop::State::report_sizes() {
  sizes_pending = false;
  report_diagnostics(book, metrics);
  if (options.after_turn) {
    const bool other = told_revision != book.revision();
    if (other) told = book.all();
    told_revision = book.revision();
    const kube::Changes changes = std::exchange(changed_since, {});
    options.after_turn({*objects, acceptor.set(), told, std::exchange(published_since, false), changes, other});
  }
  if (published) table_metrics.report(builder.model(), *published);
}

void Loop::State::publish(const route::RoutingTablePtr& table, Clock::time_point noticed) {
  published = table;
  publisher.publish(table);
  open_ports();
  travelling.emplace_back(table->generation, noticed);
  if (travelling.size() == 1) watch_in_force();
}

// Of TCP and UDP services. What has a port now may let go of it: it is tried again, whatever the objects do.
void Loop::State::open_ports() {
  base::Diagnostics diagnostics;
  for (const proxy::PortProblem& problem : publisher.open_ports()) {
    base::Diagnostic& diagnostic = diagnostics.emplace_back();
    diagnostic.severity = base::Severity::error;
    diagnostic.code = "stream-port-closed";
    diagnostic.object.kind = "ConfigMap";
    if (const auto& map = problem.udp ? options.model.udp_services : options.model.tcp_services) {
      diagnostic.object = {"ConfigMap", map->ns, map->name};
    }
    diagnostic.key = std::to_string(problem.port);
    diagnostic.text = problem.text + "; it is tried again";
  }
  book.set("ports", diagnostics);
  log_diagnostics(book.take_new());
  if (diagnostics.empty()) return;
  port_timer.expires_after(options.port_retry);
  port_timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->stopped) return;
    self->open_ports();
    self->report_sizes_soon();
  });
}

// The objects could be read: the configuration in force is what they say. A file that no longer parses is served in its
// last good version, which is not what its author sees there: that counts as a failed reload.
void Loop::State::report(const Input& input, bool reload, const std::string& hash) {
  const bool ok = std::none_of(input.diagnostics.begin(), input.diagnostics.end(),
                               [](const base::Diagnostic& d) { return d.severity == base::Severity::error; });
  auto& registry = metrics.registry();
  const observe::Labels labels = metrics.labels();
  const std::string prefix = "nginx_ingress_controller_";
  registry.set(prefix + "config_last_reload_successful", labels, ok ? 1 : 0);
  registry.set(prefix + "config_reload_success", labels, ok ? 1 : 0);
  registry.set(prefix + "config_hash", labels, ok ? hash_as_number(hash) : 0);
  if (!ok) {
    registry.add(prefix + "errors", labels);
  } else if (reload) {
    registry.add(prefix + "success", labels);
    registry.set(prefix + "config_last_reload_successful_timestamp_seconds", labels,
                 static_cast<double>(std::time(nullptr)));
  }
}

void Loop::State::watch_in_force() {
  const std::uint64_t in_force = publisher.generation_in_force();
  const auto now = Clock::now();
  while (!travelling.empty() && travelling.front().first <= in_force) {
    metrics.registry().observe("weir_config_change_to_live_seconds", kSecondsBuckets,
                               seconds(now - travelling.front().second));
    travelling.pop_front();
    poll = kFirstPoll;
    metrics.registry().set("weir_config_generation", metrics.labels(), static_cast<double>(in_force));
    ready.store(true, std::memory_order_release);
  }
  if (travelling.empty() || stopped) return;
  watch_timer.expires_after(poll);
  poll = std::min(poll * 2, kLastPoll);
  watch_timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->stopped) self->watch_in_force();
  });
}

Loop::Loop(asio::io_context& executor, LoopOptions options, Read read, proxy::Publisher& publisher,
           observe::Metrics& metrics, ApplySettings apply_settings)
    : state_(std::make_shared<State>(executor, std::move(options), std::move(read), publisher, metrics,
                                     std::move(apply_settings))) {}

Loop::~Loop() {
  state_->stopped = true;
  state_->timer.cancel();
  state_->watch_timer.cancel();
  state_->metrics_timer.cancel();
  state_->port_timer.cancel();
}

void Loop::changed(Clock::time_point noticed) {
  asio::post(state_->executor, [state = state_, noticed] { state->note(noticed); });
}

void Loop::run_now() {
  state_->timer.cancel();
  if (!state_->pending) state_->first_change = Clock::now();
  state_->turn();
  state_->report_sizes();
}

void Loop::take_lead(bool leads) {
  state_->table_metrics.take_lead(leads);
  if (state_->published) state_->report_sizes_soon();
}

bool Loop::ready() const {
  return state_->ready.load(std::memory_order_acquire);
}

route::RoutingTablePtr Loop::table() const {
  return state_->published;
}

base::Diagnostics Loop::diagnostics() const {
  return state_->book.all();
}

const model::Model& Loop::model() const {
  return state_->builder.model();
}

const model::AcceptedSet& Loop::accepted() const {
  return state_->acceptor.set();
}

}  // namespace weir::controller
