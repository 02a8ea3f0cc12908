// Pool: the idle connections of one worker to its endpoints (life-of-a-request, step 8). Last in, first out per
// endpoint; limits of spec 3.6 (upstream-keepalive-*). It outlives tables: endpoints are known by id.
//
// Idle sockets stay in the reactor: a close by the endpoint removes them at once. One worker; outlived by its Reactor.
#pragma once

#include "weir/net/sock.h"
#include "weir/net/task.h"
#include "weir/route/routing_table.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace weir::upstream {

struct KeepaliveLimits {
  std::uint32_t connections = 320;     // idle ones, all endpoints together; 0: none is kept
  std::uint32_t requests = 10000;      // on one connection
  std::uint64_t age_ms = 3600 * 1000;  // since it was made
  std::uint64_t idle_ms = 60 * 1000;
};

class H2Session;
class Pool;

// Connections are kept apart by what is spoken on them.
enum class Protocol : std::uint8_t { http1, http2 };

// One connection to an endpoint, leased or idle. Destroying it closes it.
class Connection {
 public:
  Connection(net::SockPtr s, route::EndpointId id, std::uint64_t now_ms, std::uint32_t tls_context = 0);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  net::SockPtr sock;
  std::unique_ptr<H2Session> h2;  // null: HTTP/1
  route::EndpointId endpoint;
  std::uint32_t tls;  // tls::ClientContext::id(); 0: plain
  std::uint64_t created_ms;
  std::uint32_t requests = 0;  // finished on it

 private:
  friend class Pool;
  struct Hook : net::ListNode {
    Connection* connection = nullptr;
  };
  Hook by_age_;  // all idle connections, longest idle first
  Hook by_endpoint_;
  Pool* pool_ = nullptr;  // set while idle
  std::uint64_t idle_since_ms_ = 0;
};
using ConnectionPtr = std::unique_ptr<Connection>;

class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  // A connection that is open and has nothing to say; null: none. Those with other TLS settings or another protocol are
  // never given.
  ConnectionPtr take(route::EndpointId endpoint, std::uint64_t now_ms, std::uint32_t tls = 0,
                     Protocol protocol = Protocol::http1);
  // Keeps it if the limits allow. REQUIRES: the last exchange on it is complete.
  void give(ConnectionPtr connection, const KeepaliveLimits& limits, std::uint64_t now_ms);
  // Closes what was idle for too long. Call it about once a second.
  void expire(std::uint64_t now_ms);
  void clear();

  std::size_t idle() const { return idle_; }

 private:
  friend class Connection;
  struct Slot {
    net::ListNode connections;  // newest last
    std::uint64_t emptied_ms = 0;
  };

  // Ids of contexts are counted up from 1 and never come near their last bit.
  static std::uint64_t key(route::EndpointId endpoint, std::uint32_t tls, Protocol protocol) {
    return std::uint64_t{protocol == Protocol::http2} << 63 | std::uint64_t{tls} << 32 | endpoint;
  }
  static Connection& of(net::ListNode& node) { return *static_cast<Connection::Hook&>(node).connection; }
  static void on_event(void* context, net::Sock& sock);
  // Takes it out of the lists; the caller owns it.
  ConnectionPtr remove(Connection& connection) noexcept;

  std::unordered_map<std::uint64_t, Slot> slots_;
  net::ListNode by_age_;
  std::size_t idle_ = 0;
  KeepaliveLimits limits_;  // the newest in force
};

}  // namespace weir::upstream
