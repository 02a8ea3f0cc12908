// Socket addresses of endpoints, and what a failed connect means.
#pragma once

#include "weir/net/address.h"
#include "weir/route/routing_table.h"
#include "weir/upstream/failure.h"

namespace weir::upstream {

net::Address address_of(const route::Endpoint& endpoint);
// `result` <= 0 of Sock::connect.
Failure failure_of_connect(int result);

}  // namespace weir::upstream
