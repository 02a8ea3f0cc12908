#include "weir/controller/loop.h"

#include "diagnostics_log.h"
#include "table_metrics.h"
#include "weir/observe/log.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
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
constexpr std::chrono::seconds kPublishLogInterval{1};  // between two lines about published tables

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

struct Loop::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, LoopOptions o, Read r, proxy::Publisher& p, observe::Metrics& m, ApplySettings a)
      : executor(context),
        timer(context),
        watch_timer(context),
        options(std::move(o)),
        read(std::move(r)),
        publisher(p),
        metrics(m),
        apply_settings(std::move(a)),
        compiler(options.compile) {}

  asio::io_context& executor;
  asio::steady_timer timer;
  asio::steady_timer watch_timer;
  LoopOptions options;
  Read read;
  proxy::Publisher& publisher;
  observe::Metrics& metrics;
  ApplySettings apply_settings;

  route::Compiler compiler;
  model::AcceptedSet accepted;
  std::shared_ptr<const features::Settings> settings;  // last ones given to apply_settings
  base::Diagnostics settings_diagnostics;
  route::RoutingTablePtr published;
  base::Diagnostics diagnostics;
  DiagnosticsLog log;

  bool pending = false;
  bool stopped = false;
  Clock::time_point first_change;
  // Tables on their way to the workers: generation, and when the change behind it was noticed.
  std::deque<std::pair<std::uint64_t, Clock::time_point>> travelling;
  std::chrono::milliseconds poll = kFirstPoll;
  Clock::time_point last_publish_line;
  std::atomic<bool> ready{false};

  void note(Clock::time_point noticed);
  void turn();
  void publish(const route::RoutingTablePtr& table, Clock::time_point noticed);
  void report(const Input& input, bool reload, const std::string& hash);
  void watch_in_force();
};

void Loop::State::note(Clock::time_point noticed) {
  if (stopped) return;
  const auto now = Clock::now();
  if (!pending) {
    pending = true;
    first_change = noticed;
  }
  const auto at = std::min(now + options.quiet, std::max(now, first_change + options.max_delay));
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
  if (a.hosts.size() != b.hosts.size() || !a.settings != !b.settings) return false;
  if (a.settings && !(*a.settings == *b.settings)) return false;
  for (std::size_t i = 0; i < a.hosts.size(); ++i) {
    if (a.hosts[i]->certificate != b.hosts[i]->certificate) return false;
  }
  return true;
}

}  // namespace

void Loop::State::turn() {
  pending = false;
  const auto start = Clock::now();
  const auto noticed = std::min(first_change, start);
  const Input input = read();
  accepted = model::accept(accepted, input.state, options.model);
  const model::BuildResult built = model::build(accepted, input.state, options.model);
  const route::CompileResult compiled = compiler.compile(built.model);

  if (apply_settings && built.model.settings && (!settings || !(*settings == *built.model.settings))) {
    settings = built.model.settings;
    settings_diagnostics = apply_settings(*settings);
  }
  diagnostics = input.diagnostics;
  const std::array<const base::Diagnostics*, 4> parts{&accepted.diagnostics, &built.diagnostics, &compiled.diagnostics,
                                                      &settings_diagnostics};
  for (const base::Diagnostics* more : parts) {
    diagnostics.insert(diagnostics.end(), more->begin(), more->end());
  }
  std::sort(diagnostics.begin(), diagnostics.end());
  diagnostics.erase(std::unique(diagnostics.begin(), diagnostics.end()), diagnostics.end());
  log.report(diagnostics);

  const bool changed = !published || !same_effect(*published, *compiled.table);
  const auto built_at = Clock::now();
  if (changed) {
    publish(compiled.table, noticed);
    report_table(built.model, *compiled.table, metrics);
    // Endpoints may change many times a second: one line a second is enough to see that it lives.
    if (built_at - last_publish_line >= kPublishLogInterval) {
      last_publish_line = built_at;
      observe::log::info("controller", "table {} published: {} hosts, {} backends, built in {:.1f} ms",
                         compiled.table->generation, compiled.table->hosts.size(), built.model.backends.size(),
                         seconds(built_at - start) * 1000);
    }
  }
  metrics.registry().observe("weir_config_build_seconds", kSecondsBuckets, seconds(built_at - start));
  report_diagnostics(diagnostics, metrics);
  report(input, changed, compiled.table->hash);
  if (options.after_turn) options.after_turn({input.state, accepted, diagnostics, changed});
}

void Loop::State::publish(const route::RoutingTablePtr& table, Clock::time_point noticed) {
  published = table;
  publisher.publish(table);
  travelling.emplace_back(table->generation, noticed);
  if (travelling.size() == 1) watch_in_force();
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
}

void Loop::changed(Clock::time_point noticed) {
  asio::post(state_->executor, [state = state_, noticed] { state->note(noticed); });
}

void Loop::run_now() {
  state_->timer.cancel();
  if (!state_->pending) state_->first_change = Clock::now();
  state_->turn();
}

bool Loop::ready() const {
  return state_->ready.load(std::memory_order_acquire);
}

route::RoutingTablePtr Loop::table() const {
  return state_->published;
}

const base::Diagnostics& Loop::diagnostics() const {
  return state_->diagnostics;
}

const model::AcceptedSet& Loop::accepted() const {
  return state_->accepted;
}

}  // namespace weir::controller
