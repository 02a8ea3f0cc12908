// The data plane as a whole; step 6 of life-of-an-object (publishing) ends here.
#include "weir/proxy/server.h"

#include "proxy/pages.h"
#include "proxy/port_opener.h"
#include "proxy/worker_thread.h"
#include "weir/net/listen.h"
#include "weir/observe/access_log.h"
#include "weir/observe/log.h"
#include "weir/observe/metrics.h"
#include "weir/proxy/access_log_settings.h"
#include "weir/proxy/digest_check.h"
#include "weir/upstream/dns_client.h"
#include "weir/upstream/offload.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <limits>
#include <mutex>
#include <optional>

namespace weir::proxy {
namespace {

constexpr std::chrono::milliseconds kDrainCheck{20};

// Descriptors are for requests first: a quarter of them for sessions of UDP, in equal parts.
std::size_t most_udp_sessions(std::size_t workers) {
  constexpr std::size_t kLeast = 16;
  constexpr std::size_t kMost = 16384;
  const auto descriptors = static_cast<std::size_t>(std::max(net::first_reserved_descriptor(), 0));
  return std::clamp(descriptors / 4 / workers, kLeast, kMost);
}

}  // namespace

struct Server::State {
  explicit State(ServerOptions o) : options(std::move(o)) {}

  ServerOptions options;
  std::uint16_t http_port = 0;
  std::uint16_t https_port = 0;
  std::optional<observe::Metrics> own_metrics;
  std::vector<observe::WorkerMetrics*> metrics;  // one per worker
  std::optional<DigestCheck> digests;
  std::optional<LimitTable> limits;  // requests hold entries: before the workers
  // Held until the workers have let go, so that no worker ever spends its time destroying a table.
  std::deque<route::RoutingTablePtr> published;
  std::vector<std::unique_ptr<WorkerThread>> workers;
  std::optional<PortOpener> ports;
  // Behind the workers: their threads end first, their posts lead to workers.
  std::optional<upstream::Offload> files;
  std::optional<upstream::Offload> hashes;
  std::optional<upstream::DnsClient> dns;

  base::Result<std::vector<Listening>> bind_all(bool https, std::uint16_t& port);
  base::Result<void> check_unused(std::uint16_t port) const;
  WorkerServices services_of(std::size_t worker);
};

// SO_REUSEPORT would let a second process take a part of our connections, or us of another's, without an error.
base::Result<void> Server::State::check_unused(std::uint16_t port) const {
  if (port == 0) return {};
  for (const BindAddress& bind : bind_addresses(options.bind_addresses, options.ipv6)) {
    const base::Result<int> probe = net::listen_tcp(bind.address, port);
    if (probe) {
      ::close(*probe);
    } else if (bind.required || probe.error().code() == EADDRINUSE) {
      return probe.error();
    }
  }
  return {};
}

// One socket per address for one worker. `port` 0 becomes the port that the system chose.
base::Result<std::vector<Listening>> Server::State::bind_all(bool https, std::uint16_t& port) {
  std::vector<Listening> sockets;
  net::ListenOptions how;
  how.reuse_port = true;
  for (const BindAddress& bind : bind_addresses(options.bind_addresses, options.ipv6)) {
    const base::Result<int> fd = net::listen_tcp(bind.address, port, how);
    if (!fd) {
      const int code = fd.error().code();
      if (!bind.required && (code == EAFNOSUPPORT || code == EADDRNOTAVAIL)) continue;
      for (const Listening& one : sockets) ::close(one.fd);
      return fd.error();
    }
    sockets.push_back({*fd, https});
    if (port == 0) port = net::local_address_of(*fd).port();
  }
  return sockets;
}

WorkerServices Server::State::services_of(std::size_t worker) {
  WorkerServices services;
  services.filters = options.filters;
  services.dns = &*dns;
  services.files = &*files;
  services.hashes = &*hashes;
  services.limits = &*limits;
  services.digests = &*digests;
  services.temp_directory = options.temp_directory;
  services.most_udp_sessions = most_udp_sessions(metrics.size());
  services.access_log = options.access_log;
  services.metrics = metrics[worker];
  return services;
}

Server::Server(ServerOptions options) : state_(std::make_unique<State>(std::move(options))) {}

Server::~Server() {
  stop();
}

base::Result<void> Server::start() {
  State& state = *state_;
  const std::size_t count = std::max(state.options.workers, 1u);
  state.http_port = state.options.http_port;
  state.https_port = state.options.https_port;
  std::vector<std::vector<Listening>> sockets(count);
  base::Result<void> result = state.check_unused(state.http_port);
  if (result && state.options.https) result = state.check_unused(state.https_port);
  if (!result) return result;
  for (std::vector<Listening>& of_worker : sockets) {
    for (const bool https : {false, true}) {
      if (https && !state.options.https) continue;
      base::Result<std::vector<Listening>> bound = state.bind_all(https, https ? state.https_port : state.http_port);
      if (bound) {
        of_worker.insert(of_worker.end(), bound->begin(), bound->end());
      } else if (result) {
        result = bound.error();
      }
    }
  }
  if (!result) {
    for (const std::vector<Listening>& of_worker : sockets) {
      for (const Listening& one : of_worker) ::close(one.fd);
    }
    return result;
  }
  (void)page_of(404);  // rendered now, not by the first request
  if (state.options.metrics == nullptr) state.own_metrics.emplace(observe::MetricsOptions{});
  observe::Metrics& metrics = state.options.metrics != nullptr ? *state.options.metrics : *state.own_metrics;
  state.limits.emplace();
  state.digests.emplace();
  state.files.emplace();
  state.hashes.emplace();
  state.dns.emplace();
  for (std::size_t i = 0; i < count; ++i) state.metrics.push_back(&metrics.make_worker());
  for (std::size_t i = 0; i < count; ++i) {
    WorkerServices services = state.services_of(i);
    services.status_text = [this] {
      const ServerStats now = stats();
      return fmt::format(
          "Active connections: {} \nserver accepts handled requests\n {} {} {} \n"
          "Reading: {} Writing: {} Waiting: {} \n",
          now.active, now.accepted, now.handled, now.requests, now.reading, now.writing, now.waiting);
    };
    state.workers.push_back(std::make_unique<WorkerThread>(services, std::move(sockets[i])));
  }
  for (const auto& worker : state.workers) {
    if (std::string error = worker->start_error(); !error.empty() && result) {
      result = base::fail("start a worker thread: " + error);
    }
  }
  if (!result) stop();
  state.ports.emplace(bind_addresses(state.options.bind_addresses, state.options.ipv6), count);
  return result;
}

void Server::publish(route::RoutingTablePtr table) {
  State& state = *state_;
  if (state.options.access_log != nullptr) {
    for (const std::string& complaint : state.options.access_log->configure(access_log_settings(*table->settings))) {
      observe::log::warn("proxy", "access log: {}", complaint);
    }
  }
  state.dns->set_ipv4_only(table->settings->disable_ipv6_dns);
  std::erase_if(state.published, [](const route::RoutingTablePtr& old) { return old.use_count() == 1; });
  state.published.push_back(table);
  if (state.ports) state.ports->take(*table);
  for (const auto& worker : state.workers) worker->publish(table);
}

std::vector<PortProblem> Server::open_ports() {
  State& state = *state_;
  if (!state.ports) return {};
  return state.ports->open(generation_in_force(), [&state](std::size_t worker, PortKey key, OpenSockets sockets) {
    state.workers[worker]->open_port(key, std::move(sockets));
  });
}

std::uint64_t Server::generation_in_force() const {
  std::uint64_t smallest = std::numeric_limits<std::uint64_t>::max();
  for (const auto& worker : state_->workers) smallest = std::min(smallest, worker->generation());
  return state_->workers.empty() ? 0 : smallest;
}

std::uint16_t Server::http_port() const {
  return state_->http_port;
}
std::uint16_t Server::https_port() const {
  return state_->https_port;
}

void Server::drain(std::chrono::milliseconds limit) {
  for (const auto& worker : state_->workers) worker->drain(limit);
}

bool Server::wait_drained(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::mutex mutex;
  std::condition_variable nobody_signals;
  std::unique_lock lock(mutex);
  const auto all_drained = [&] {
    return std::all_of(state_->workers.begin(), state_->workers.end(), [](const auto& one) { return one->drained(); });
  };
  while (!all_drained()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    nobody_signals.wait_for(lock, kDrainCheck);
  }
  return true;
}

void Server::stop() {
  State& state = *state_;
  for (const auto& worker : state.workers) worker->stop();
}

ServerStats Server::stats() const {
  ServerStats total;
  for (const observe::WorkerMetrics* one : state_->metrics) {
    total.accepted += static_cast<std::uint64_t>(one->accepted.value());
    total.handled += static_cast<std::uint64_t>(one->handled.value());
    total.requests += static_cast<std::uint64_t>(one->requests_total.value());
    total.active += one->active.value();
    total.reading += one->reading.value();
    total.writing += one->writing.value();
    total.waiting += one->waiting.value();
  }
  return total;
}

}  // namespace weir::proxy
