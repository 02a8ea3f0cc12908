// Session: one client connection on its worker, from accept to close.
#pragma once

#include "proxy/worker.h"
#include "weir/net/sock.h"
#include "weir/proxy/filter.h"

#include <cstdint>
#include <memory>

namespace weir::proxy {

// What a connection is doing, for nginx_process_connections{state}.
enum class Activity : std::uint8_t { waiting, reading, writing };

struct Session {
  Session(Worker& w, net::SockPtr s);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void set_activity(Activity activity);

  Worker& worker;
  net::SockPtr sock;
  ClientConnection connection;
  std::uint64_t serial;
  std::uint32_t requests = 0;   // begun on it
  bool plain_on_https = false;  // no TLS record came first on the HTTPS port
  bool linger = false;          // at the close: the client may still be sending
  Activity activity = Activity::reading;
};

// Step 1 (listener.cc): takes the descriptor and starts serving it.
void accept_client(Worker& worker, int fd, const net::Address& peer, bool https);
// The same on the port of a TCP service.
void accept_service_client(Worker& worker, int fd, const net::Address& peer);

// Step 2 (proxy_header.cc), with use-proxy-protocol. false: close. REQUIRES: the worker has a table.
net::Task<bool> receive_proxy_header(Session& session);

// Step 2 (passthrough.cc), where a host passes TLS through: reads the ClientHello and, if it names such a host, serves
// the connection to its end. true: it is over, close. false: it is an ordinary one; what was read is its input.
// REQUIRES: the worker has a table.
net::Task<bool> pass_through(Session& session);

// Step 2 (handshake.cc). false: close.
net::Task<bool> handshake(Session& session);

// Steps 3 to 11, again and again (http1_session.cc). Takes the session over before it first waits.
net::Job serve_client(net::JobGroup& jobs, std::unique_ptr<Session>& handed_over);

}  // namespace weir::proxy
