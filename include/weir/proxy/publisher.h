// Publisher: hands a table to every worker (life-of-an-object, step 6) by posting to its io_context. Control thread.
#pragma once

#include "weir/route/routing_table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weir::proxy {

// A port of a TCP or UDP service (spec 4.14) that is not open.
struct PortProblem {
  bool udp = false;
  std::uint16_t port = 0;
  std::string text;  // what was tried, why it failed, what to change
};

class Publisher {
 public:
  virtual ~Publisher() = default;
  // Returns at once; each worker takes the table over between two requests.
  virtual void publish(route::RoutingTablePtr table) = 0;
  // Opens the ports of TCP and UDP services that the table published last has and that are not open yet; those that
  // cannot be opened are returned, and tried again by the next call. Ports that a table lacks close by themselves.
  virtual std::vector<PortProblem> open_ports() { return {}; }
  // The smallest generation that every worker has taken over.
  virtual std::uint64_t generation_in_force() const = 0;
};

}  // namespace weir::proxy
