// Step 1 of life-of-a-request, on the ports of TCP and UDP services.
#include "proxy/port_listeners.h"

#include "proxy/session.h"
#include "weir/observe/log.h"

#include <algorithm>
#include <utility>

namespace weir::proxy {

PortListeners::~PortListeners() {
  for (auto& [key, port] : ports_) close(port);
}

void PortListeners::open(PortKey key, OpenSockets sockets) {
  if (draining_) return;
  if (key.udp) {
    udp_.open(key.port, std::move(sockets));
    ports_.try_emplace(key);
  } else {
    open_tcp(key.port, std::move(sockets));
  }
}

void PortListeners::open_tcp(std::uint16_t number, OpenSockets sockets) {
  Port& port = ports_[PortKey{false, number}];
  close(port);
  port.sockets = std::move(sockets);
  for (const int fd : port.sockets.all()) {
    port.acceptors.push_back(std::make_unique<net::Acceptor>(
        worker_.reactor(), fd,
        [this](int client, const net::Address& peer) { accept_service_client(worker_, client, peer); }));
    if (const int error = port.acceptors.back()->error(); error != 0) {
      observe::log::error("proxy", "TCP port {}: cannot be watched, error {}", number, -error);
    }
  }
}

void PortListeners::close(Port& port) {
  for (const auto& acceptor : port.acceptors) shed_before_ += acceptor->shed();
  port.acceptors.clear();
  port.sockets = OpenSockets();
}

bool PortListeners::has_more_than(const route::RoutingTable& table) const {
  return std::any_of(ports_.begin(), ports_.end(), [&table](const auto& entry) {
    return table.find_port_service(entry.first.udp, entry.first.port) == nullptr;
  });
}

void PortListeners::follow(const route::RoutingTable& table) {
  for (auto it = ports_.begin(); it != ports_.end();) {
    const PortKey key = it->first;
    if (table.find_port_service(key.udp, key.port) != nullptr) {
      ++it;
      continue;
    }
    if (key.udp) udp_.close(key.port);
    close(it->second);
    it = ports_.erase(it);
  }
}

std::uint64_t PortListeners::shed() const {
  std::uint64_t sum = shed_before_;
  for (const auto& [key, port] : ports_) {
    for (const auto& acceptor : port.acceptors) sum += acceptor->shed();
  }
  return sum;
}

void PortListeners::begin_drain() {
  draining_ = true;
  for (auto& [key, port] : ports_) close(port);
  udp_.begin_drain(worker_.reactor().now_ms());
}

}  // namespace weir::proxy
