// Server: the data plane. N workers, each a thread with its own listening sockets (SO_REUSEPORT), event loop,
// connection pools and counters; tables are handed to them by message.
//
//   Server server(options);
//   if (auto started = server.start(); !started) ...
//   server.publish(table);
//   ...
//   server.drain(4min); server.wait(); server.stop();
//
// Thread rule: one control thread calls everything but stats() and generation_in_force(), which any thread may.
// Lifetime: what the options point to outlives the Server.
#pragma once

#include "weir/base/result.h"
#include "weir/proxy/filter.h"
#include "weir/proxy/publisher.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir::observe {
class AccessLog;
class Metrics;
}  // namespace weir::observe

namespace weir::proxy {

struct ServerOptions {
  unsigned workers = 1;
  std::uint16_t http_port = 80;             // 0: any free one
  std::uint16_t https_port = 443;           // 0: any free one
  bool https = true;                        // false: no HTTPS listener
  std::vector<std::string> bind_addresses;  // numeric; empty: all IPv4 and, unless disabled, all IPv6 addresses
  bool ipv6 = true;
  FilterList filters;                        // features::filter_order()
  observe::AccessLog* access_log = nullptr;  // null: no access log
  observe::Metrics* metrics = nullptr;       // null: counted, but nowhere shown
  std::string temp_directory = "/tmp";       // for request bodies that do not fit into memory
};

struct ServerStats {
  std::uint64_t accepted = 0;
  std::uint64_t handled = 0;
  std::uint64_t requests = 0;
  std::int64_t active = 0;
  std::int64_t reading = 0;
  std::int64_t writing = 0;
  std::int64_t waiting = 0;
};

class Server final : public Publisher {
 public:
  explicit Server(ServerOptions options);
  ~Server() override;  // stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds all ports, then starts the workers. An error names the address and what is wrong with it.
  base::Result<void> start();

  // Before the first table every request is answered with 503.
  void publish(route::RoutingTablePtr table) override;
  std::vector<PortProblem> open_ports() override;
  std::uint64_t generation_in_force() const override;

  // The ports really bound.
  std::uint16_t http_port() const;
  std::uint16_t https_port() const;

  // Listeners close, idle connections close, requests in flight finish with `Connection: close`; after `limit` what is
  // left is cut. Returns at once.
  void drain(std::chrono::milliseconds limit);
  // Until a drain is complete, at most `limit`. true: it is.
  bool wait_drained(std::chrono::milliseconds limit);
  // Ends the workers at once. Idempotent.
  void stop();

  ServerStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::proxy
