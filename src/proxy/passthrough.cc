// Step 2 of life-of-a-request, for hosts with ssl-passthrough (spec 4.13): the ClientHello says which host is meant;
// the connection goes on to an endpoint of its Service, unread. Everything else goes on to the handshake.
#include "proxy/byte_relay.h"
#include "proxy/open_count.h"
#include "proxy/raw_backend.h"
#include "proxy/session.h"
#include "weir/observe/log.h"
#include "weir/proxy/forwarded.h"
#include "weir/tls/client_hello.h"
#include "weir/upstream/raw_connection.h"

#include <algorithm>
#include <string>

namespace weir::proxy {
namespace {

using upstream::Failure;

// How a connection that named a host got on.
enum class Passage : std::uint8_t {
  ordinary,  // its host's TLS ends here
  open,      // there is an endpoint
  refused,   // the host does not serve the client's address
  failed,    // no endpoint took it
};

// What is left of the table when the connection is open: a connection that lives for days pins none.
struct Passing {
  upstream::RawConnection endpoint;
  net::Millis idle{0};
  bool told = false;  // debug-connections names the client
};

std::string_view text_of(RelayEnd end) {
  switch (end) {
    case RelayEnd::closed:
      return "closed";
    case RelayEnd::quiet:
      return "nothing moved for proxy-stream-timeout";
    case RelayEnd::client_failed:
      return "the client failed";
    case RelayEnd::upstream_failed:
      break;
  }
  return "the endpoint failed";
}

// false: the connection ended, or the ClientHello did not come in time.
net::Task<bool> receive_hello(net::Sock& sock, net::Millis timeout, tls::ClientHello& hello) {
  const std::uint64_t deadline_ms = sock.reactor().now_ms() + static_cast<std::uint64_t>(timeout.count());
  for (;;) {
    if (!sock.input().empty()) hello = tls::parse_client_hello(sock.input());
    if (hello.status != tls::HelloStatus::more) co_return true;
    const std::uint64_t now = sock.reactor().now_ms();
    if (now >= deadline_ms) co_return false;
    const auto room = static_cast<std::uint32_t>(tls::kClientHelloMax - sock.input().size());
    const int result = co_await sock.recv_some(room, net::Millis(deadline_ms - now));
    if (result <= 0) co_return false;
  }
}

void tell_failure(Worker& worker, const std::string& host, const std::string& endpoint, Failure failure) {
  worker.passthrough_failures().tell(worker.reactor().now_ms(), [&](std::uint64_t untold) {
    observe::log::error("proxy",
                        "ssl-passthrough: a connection for {} was closed: {} ({}; {} more since the last such line)",
                        host, upstream::info(failure).reason, endpoint.empty() ? "no endpoint" : endpoint, untold);
  });
}

// Pins the table that is in force until an endpoint is connected.
net::Task<Passage> open_passage(Session& session, const std::string& name, Passing& passing) {
  Worker& worker = session.worker;
  const SnapshotRef snapshot = worker.snapshot();
  const route::RoutingTable& table = snapshot.table();
  const route::Host& host = worker.lookup().find_host(table, name);
  if (!host.passthrough || host.name != name) co_return Passage::ordinary;  // wildcards and aliases end here
  const route::Location& location = host.locations[*host.passthrough];
  const base::IpAddress client = address_of(session.connection, *table.settings);
  passing.told = table.settings->debug_connections.contains(session.connection.address);
  passing.idle = std::max<net::Millis>(table.settings->stream_timeout, std::chrono::seconds(1));
  if (!location.policies.ip_access.admits(client)) {
    observe::log::debug("proxy", "ssl-passthrough: {} does not serve {}; closed", name, client.to_string());
    co_return Passage::refused;
  }
  Failure failure = Failure::no_endpoints;
  if (const route::Backend* backend = table.find_backend(location.backend); backend != nullptr) {
    failure = co_await connect_backend(worker, *backend, location.policies.proxy, passing.endpoint);
  }
  if (failure == Failure::none) co_return Passage::open;
  tell_failure(worker, name, passing.endpoint.endpoint(), failure);
  co_return Passage::failed;
}

void tell_end(const Session& session, const std::string& name, const Passing& passing, const RelayedBytes& moved) {
  if (!passing.told && !observe::log::enabled(observe::LogLevel::debug)) return;
  observe::log::info("proxy",
                     "ssl-passthrough: {}:{} connection {} for {} to {}: {} bytes from the client, {} from the "
                     "endpoint; {}",
                     session.connection.address_text, session.connection.port, session.serial, name,
                     passing.endpoint.endpoint(), moved.to_upstream, moved.to_client, text_of(moved.end));
}

net::Task<void> relay(Session& session, const std::string& name, Passing& passing) {
  observe::WorkerMetrics& metrics = session.worker.metrics();
  const OpenCount open(metrics.passthrough_open);
  metrics.passthrough_relayed.add();
  net::Sock& client = *session.sock;
  net::Sock& endpoint = *passing.endpoint.sock;
  RelayedBytes moved;
  co_await relay_both_ways(client, endpoint, passing.idle, passing.idle, moved);
  pass_on_failure(moved.end, client, endpoint);
  tell_end(session, name, passing, moved);
}

}  // namespace

net::Task<bool> pass_through(Session& session) {
  Worker& worker = session.worker;
  tls::ClientHello hello;
  const net::Millis timeout = worker.snapshot().table().settings->client_header_timeout;
  const bool complete = co_await receive_hello(*session.sock, timeout, hello);
  if (!complete) co_return true;
  if (hello.status != tls::HelloStatus::whole || hello.server_name.empty()) co_return false;
  session.set_activity(Activity::writing);
  Passing passing;
  switch (co_await open_passage(session, hello.server_name, passing)) {
    case Passage::ordinary:
      session.set_activity(Activity::reading);
      co_return false;
    case Passage::refused:
      worker.metrics().passthrough_refused.add();
      break;
    case Passage::failed:
      worker.metrics().passthrough_failed.add();
      break;
    case Passage::open:
      co_await relay(session, hello.server_name, passing);
      break;
  }
  co_return true;
}

}  // namespace weir::proxy
