// A connection to the port of a TCP service, from its acceptance to its end.
#include "proxy/tcp_service.h"

#include "proxy/byte_relay.h"
#include "proxy/clock.h"
#include "proxy/raw_backend.h"
#include "proxy/session_record.h"
#include "proxy/stream_policy.h"
#include "weir/observe/log.h"
#include "weir/proxy/forwarded.h"

namespace weir::proxy {
namespace {

using upstream::Failure;

// What is left of the table when the connection is open: a connection that lives for days pins none.
struct Opening {
  upstream::RawConnection endpoint;
  features::ProxyPolicy policy;
  net::Millis idle{0};
  std::string header;  // PROXY, for the endpoint; empty: none
};

const route::PortService* service_of(const Session& session, const SnapshotRef& snapshot) {
  return snapshot ? snapshot.table().find_port_service(false, session.connection.local_port) : nullptr;
}

void describe(const Session& session, SessionRecord& record) {
  const ClientConnection& connection = session.connection;
  record.serial = session.serial;
  record.client = record.peer = connection.address_text;
  record.client_port = record.peer_port = connection.port;
  record.local = connection.local_address_text;
  record.local_port = connection.local_port;
}

void take_proxied(const Session& session, const features::Settings& settings, SessionRecord& record) {
  const ClientConnection& connection = session.connection;
  record.proxied = connection.proxied;
  if (!has_trusted_proxy_header(connection, settings)) return;
  record.client = connection.proxied->source.to_string();
  record.client_port = connection.proxied->source_port;
}

// The addresses that a trusted PROXY header gave us, or the connection's own ones.
std::string header_for(const Session& session, const features::Settings& settings) {
  const ClientConnection& connection = session.connection;
  if (has_trusted_proxy_header(connection, settings)) return http::proxy_header_text(*connection.proxied);
  http::ProxyAddresses own;
  own.source = connection.address;
  own.source_port = connection.port;
  own.destination = base::parse_ip(connection.local_address_text).value_or(base::IpAddress{});
  own.destination_port = connection.local_port;
  return http::proxy_header_text(own);
}

int status_of(Failure failure) {
  const bool ours = failure == Failure::no_descriptors || failure == Failure::out_of_memory;
  return ours ? session_status::kInternalError : session_status::kBadGateway;
}

net::Task<bool> receive_header(Session& session, SessionRecord& record) {
  const SnapshotRef snapshot = session.worker.snapshot();
  const bool known = co_await receive_proxy_header(session);
  if (!known) {
    record.status = session_status::kBadRequest;
    co_return false;
  }
  take_proxied(session, *snapshot.table().settings, record);
  co_return true;
}

// Pins the table that is in force until an endpoint is connected.
net::Task<bool> open_endpoint(Session& session, SessionRecord& record, Opening& opening) {
  Worker& worker = session.worker;
  const SnapshotRef snapshot = worker.snapshot();
  const route::PortService* service = service_of(session, snapshot);
  if (service == nullptr) {  // it went while the PROXY header came
    record.status = session_status::kUnavailable;
    co_return false;
  }
  const features::Settings& settings = *snapshot.table().settings;
  record.describe(*service);
  opening.policy = stream_policy(settings);
  opening.idle = stream_idle(settings);
  if (service->proxy_out) opening.header = header_for(session, settings);
  const Failure failure = co_await connect_backend(worker, *service->backend, opening.policy, opening.endpoint);
  record.tries = std::move(opening.endpoint.tries);
  if (failure == Failure::none) {
    record.connected_us = monotonic_us();
    co_return true;
  }
  record.status = status_of(failure);
  worker.service_failures().tell(worker.reactor().now_ms(), [&](std::uint64_t untold) {
    observe::log::error("proxy", "TCP port {}: a connection was closed: {} ({}, {}; {} more since the last such line)",
                        service->port, upstream::info(failure).reason, service->backend->name,
                        record.tries.empty() ? "no endpoint" : record.tries.back().endpoint, untold);
  });
  co_return false;
}

net::Task<void> relay(Session& session, SessionRecord& record, Opening& opening) {
  net::Sock& client = *session.sock;
  net::Sock& endpoint = *opening.endpoint.sock;
  if (!opening.header.empty()) {
    const int sent = co_await endpoint.send_all(opening.header, opening.idle);
    if (sent < 0) {
      record.status = session_status::kBadGateway;
      client.abort();
      co_return;
    }
    record.to_endpoint += opening.header.size();
  }
  // Counted whenever the frame ends.
  struct Count {
    SessionRecord& record;
    RelayedBytes moved;
    explicit Count(SessionRecord& r) : record(r) {}
    Count(const Count&) = delete;
    Count& operator=(const Count&) = delete;
    ~Count() {
      record.from_client += moved.to_upstream;
      record.to_endpoint += moved.to_upstream;
      record.to_client += moved.to_client;
      record.from_endpoint += moved.to_client;
    }
  };
  Count count(record);
  co_await relay_both_ways(client, endpoint, opening.idle, opening.idle, count.moved);
  pass_on_failure(count.moved.end, client, endpoint);
}

}  // namespace

net::Job serve_tcp_service(net::JobGroup&, std::unique_ptr<Session>& handed_over) {
  const std::unique_ptr<Session> session = std::move(handed_over);
  const auto record = std::make_unique<SessionRecord>(session->worker, false);
  describe(*session, *record);
  session->set_activity(Activity::writing);
  const route::PortService* service = service_of(*session, session->worker.snapshot());
  if (service == nullptr) {  // its port was closed while it waited to be accepted
    record->status = session_status::kUnavailable;
    co_return;
  }
  record->describe(*service);
  if (service->proxy_in) {
    const bool known = co_await receive_header(*session, *record);
    if (!known) co_return;
  }
  const auto opening = std::make_unique<Opening>();
  const bool connected = co_await open_endpoint(*session, *record, *opening);
  if (connected) co_await relay(*session, *record, *opening);
}

}  // namespace weir::proxy
