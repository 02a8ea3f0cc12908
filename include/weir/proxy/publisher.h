// Publisher: hands a table to every worker (life-of-an-object, step 6) by posting to its io_context. Control thread.
#pragma once

#include "weir/route/routing_table.h"

#include <cstdint>

namespace weir::proxy {

class Publisher {
 public:
  virtual ~Publisher() = default;
  // Returns at once; each worker takes the table over between two requests.
  virtual void publish(route::RoutingTablePtr table) = 0;
  // The smallest generation that every worker has taken over.
  virtual std::uint64_t generation_in_force() const = 0;
};

}  // namespace weir::proxy
