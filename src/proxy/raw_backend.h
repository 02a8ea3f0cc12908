// A connection to a backend for bytes that are passed on unread, external names included. One worker.
#pragma once

#include "proxy/worker.h"
#include "weir/upstream/raw_connection.h"

namespace weir::proxy {

// none: `out.sock` is connected. What is handed over outlives the Task.
net::Task<upstream::Failure> connect_backend(Worker& worker, const route::Backend& backend,
                                             const features::ProxyPolicy& policy, upstream::RawConnection& out);

}  // namespace weir::proxy
