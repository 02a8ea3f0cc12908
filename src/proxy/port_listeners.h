// PortListeners: the ports of TCP and UDP services (spec 4.14) on one worker. They come by open(), behind the table
// that names them, and go with the first table that lacks them. A connection that is open stays when its port goes;
// sessions of UDP share the port's socket and end with it.
//
// Thread rule: the worker's thread; open(), follow() and tick() not from inside a coroutine. Lifetime: the worker's.
#pragma once

#include "proxy/open_sockets.h"
#include "proxy/udp_service.h"
#include "weir/net/listen.h"
#include "weir/route/routing_table.h"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace weir::proxy {

class Worker;

class PortListeners {
 public:
  explicit PortListeners(Worker& worker) : worker_(worker), udp_(worker) {}
  ~PortListeners();
  PortListeners(const PortListeners&) = delete;
  PortListeners& operator=(const PortListeners&) = delete;

  void open(PortKey key, OpenSockets sockets);
  bool has_more_than(const route::RoutingTable& table) const;
  // Closes the ports that the table lacks.
  void follow(const route::RoutingTable& table);
  void tick(std::uint64_t now_ms) { udp_.tick(now_ms); }
  // Connections closed for want of descriptors, since the start.
  std::uint64_t shed() const;

  // Ports close; datagrams that were passed on may still be answered for a moment.
  void begin_drain();
  bool idle() const { return udp_.idle(); }
  // REQUIRES: not called from a coroutine.
  void cut() { udp_.cut(); }

  UdpService& udp() { return udp_; }

 private:
  struct Port {
    OpenSockets sockets;                                      // TCP; those of UDP are in udp_
    std::vector<std::unique_ptr<net::Acceptor>> acceptors{};  // end before their sockets
  };
  void open_tcp(std::uint16_t port, OpenSockets sockets);
  void close(Port& port);

  Worker& worker_;
  std::map<PortKey, Port> ports_;
  std::uint64_t shed_before_ = 0;  // by acceptors that are gone
  bool draining_ = false;
  UdpService udp_;
};

}  // namespace weir::proxy
