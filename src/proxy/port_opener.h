// PortOpener: binds the ports of TCP and UDP services (spec 4.14) for all workers, and knows which are open. A port
// that cannot be bound is a problem to tell and to try again, never the end of anything else. Control thread.
#pragma once

#include "proxy/open_sockets.h"
#include "weir/base/result.h"
#include "weir/proxy/publisher.h"
#include "weir/route/routing_table.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace weir::proxy {

struct BindAddress {
  std::string address;   // numeric
  bool required = true;  // "::" is left out silently on a machine without IPv6
};

// The configured ones, else all of IPv4 and, unless disabled, of IPv6.
std::vector<BindAddress> bind_addresses(const std::vector<std::string>& configured, bool ipv6);

class PortOpener {
 public:
  using Hand = std::function<void(std::size_t worker, PortKey key, OpenSockets sockets)>;

  PortOpener(std::vector<BindAddress> addresses, std::size_t workers)
      : addresses_(std::move(addresses)), workers_(workers) {}

  // `table` is on its way to the workers, which close what it lacks.
  void take(const route::RoutingTable& table);
  // Binds what is not open yet and gives each worker its sockets. `in_force`: the generation that all workers have.
  std::vector<PortProblem> open(std::uint64_t in_force, const Hand& hand);

 private:
  base::Result<std::vector<OpenSockets>> bind(PortKey key, bool may_be_ours) const;

  const std::vector<BindAddress> addresses_;
  const std::size_t workers_;
  std::map<PortKey, bool> wanted_;            // true: open
  std::map<PortKey, std::uint64_t> closing_;  // the generation with which workers close it
};

}  // namespace weir::proxy
