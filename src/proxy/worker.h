// Worker: one thread that serves clients, with everything it needs of its own: event loop, pools, scratch memory,
// counters, its hold on the table. Nothing here is locked; other threads talk to it by post() only.
#pragma once

#include "proxy/mirror_client.h"
#include "proxy/pauses.h"
#include "proxy/port_listeners.h"
#include "proxy/request.h"
#include "proxy/snapshot.h"
#include "weir/http/h1_parser.h"
#include "weir/http/h1_writer.h"
#include "weir/net/listen.h"
#include "weir/net/reactor.h"
#include "weir/net/task.h"
#include "weir/observe/access_log.h"
#include "weir/observe/worker_metrics.h"
#include "weir/proxy/auth_client.h"
#include "weir/proxy/filter.h"
#include "weir/proxy/password_check.h"
#include "weir/route/lookup.h"
#include "weir/upstream/address_ids.h"
#include "weir/upstream/dns_client.h"
#include "weir/upstream/exchange.h"
#include "weir/upstream/offload.h"
#include "weir/upstream/resolver.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::proxy {

// What all workers use, owned by the Server and outliving them.
struct WorkerServices {
  FilterList filters;
  upstream::DnsClient* dns = nullptr;
  upstream::Offload* files = nullptr;
  upstream::Offload* hashes = nullptr;  // of passwords
  LimitTable* limits = nullptr;
  DigestCheck* digests = nullptr;
  std::string temp_directory;
  std::size_t most_udp_sessions = 1024;       // of this worker
  observe::AccessLog* access_log = nullptr;   // null: none
  observe::WorkerMetrics* metrics = nullptr;  // this worker's
  std::function<std::string()> status_text;   // of /nginx_status
};

// A socket to accept from; the worker closes it.
struct Listening {
  int fd = -1;
  bool https = false;
};

// Of connections that no endpoint took; each client can bring many.
struct UntoldFailures {
  std::uint64_t told_ms = 0;  // when one was last logged
  std::uint64_t count = 0;    // since then

  // Calls `log` with the number of those that were not told of, once a second at most.
  template <class Log>
  void tell(std::uint64_t now_ms, Log log) {
    constexpr std::uint64_t kEveryMs = 1000;
    if (told_ms != 0 && now_ms - told_ms < kEveryMs) {
      ++count;
      return;
    }
    log(count);
    told_ms = now_ms;
    count = 0;
  }
};

class Worker {
 public:
  // On the thread that will run it. `post` brings functions to that thread.
  Worker(const WorkerServices& services, upstream::PostToWorker post);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // --- by the loop (server.cc)
  void listen(const std::vector<Listening>& sockets);
  // Sleeps until there is something to do, and does it.
  void wait_for_events() { reactor_.wait(); }
  // Every 100 ms: timeouts, idle connections, log lines.
  void tick();
  void take_table(route::RoutingTablePtr table);
  // Listeners close, idle connections close, requests in flight end with `Connection: close`.
  void begin_drain();
  // Cuts what is left.
  void cut();
  bool idle() const { return jobs_.empty() && mirror_.idle() && ports_.idle(); }
  // Serves the port of a TCP or UDP service until a table lacks it.
  void open_port(PortKey key, OpenSockets sockets) { ports_.open(key, std::move(sockets)); }

  // --- by sessions and the pipeline
  net::Reactor& reactor() { return reactor_; }
  net::JobGroup& jobs() { return jobs_; }
  upstream::Runtime& upstream() { return upstream_; }
  upstream::OutBuffer& out() { return out_; }
  upstream::OutBuffer& relay_scratch() { return relay_scratch_; }
  bool in_relay_scratch(std::string_view bytes);
  route::Lookup& lookup() { return lookup_; }
  Pauses& pauses() { return pauses_; }
  http::RequestIds& request_ids() { return request_ids_; }
  observe::WorkerMetrics& metrics() { return *services_.metrics; }
  observe::AccessLogBuffer* access_log() { return access_log_.get(); }
  const WorkerServices& services() const { return services_; }
  const upstream::PostToWorker& post() const { return post_; }
  const http::H1Limits& limits() const { return limits_; }
  const SnapshotRef& snapshot() const { return snapshot_; }
  bool draining() const { return draining_; }
  // The value of Date.
  std::string_view date();
  RequestPtr take_request();
  // Bits of the filters that stand at this stop.
  std::uint64_t filters_at(Stop stop) const { return filters_at_[static_cast<std::size_t>(stop)]; }
  PasswordCheck& passwords() { return passwords_; }
  AuthClient& auth() { return auth_; }
  MirrorClient& mirror() { return mirror_; }
  upstream::Resolver& resolver() { return resolver_; }
  const BodyFiles& body_files() const { return body_files_; }
  // Memory of the encoders of responses; they count into it.
  std::uint64_t& compression_memory() { return compression_memory_; }
  // Does gzip-disable name this client's User-Agent?
  bool gzip_is_disabled(const Request& request);
  upstream::AddressIds& address_ids() { return address_ids_; }
  // The addresses of an external name as endpoints.
  void add_resolved(const std::vector<base::IpAddress>& addresses, std::uint16_t port,
                    std::vector<route::Endpoint>& endpoints);
  UntoldFailures& passthrough_failures() { return passthrough_failures_; }
  UntoldFailures& service_failures() { return service_failures_; }
  std::uint64_t next_connection_serial() { return ++connections_; }

 private:
  WorkerServices services_;
  const upstream::PostToWorker post_;
  net::Reactor reactor_;
  tls::ClientSessions upstream_sessions_;  // before pool_: its connections use them
  upstream::Pool pool_;
  upstream::Balancer balancer_;
  upstream::OutBuffer out_;
  upstream::OutBuffer relay_scratch_;
  upstream::Runtime upstream_;
  route::Lookup lookup_;
  http::DateCache dates_;
  http::RequestIds request_ids_;
  http::H1Limits limits_;
  SnapshotRef snapshot_;
  std::array<std::uint64_t, 3> filters_at_{};
  BodyFiles body_files_;
  PasswordCheck passwords_;
  AuthClient auth_;
  upstream::Resolver resolver_;
  upstream::AddressIds address_ids_;
  Pauses pauses_;
  std::unique_ptr<observe::AccessLogBuffer> access_log_;
  std::vector<std::unique_ptr<Request>> free_requests_;
  std::size_t spare_requests_ = 0;  // fewest of them since the last housekeeping
  std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
  std::vector<Listening> listening_;
  std::string gzip_disable_text_;  // what gzip_disable_ was made from
  std::shared_ptr<const route::PathPattern> gzip_disable_;
  std::uint64_t compression_memory_ = 0;
  UntoldFailures passthrough_failures_;
  UntoldFailures service_failures_;  // of TCP and UDP services
  std::uint64_t connections_ = 0;
  std::uint64_t last_housekeeping_ms_ = 0;
  std::uint64_t last_flush_ms_ = 0;
  std::size_t exceptions_seen_ = 0;
  std::uint64_t shed_seen_ = 0;
  bool draining_ = false;
  MirrorClient mirror_;
  PortListeners ports_;
  net::JobGroup jobs_;  // last: jobs use all of the above while they are destroyed
};

}  // namespace weir::proxy
