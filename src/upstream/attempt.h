// What the tries of exchanges have in common, whatever protocol is spoken (life-of-a-request, steps 7 and 8).
#pragma once

#include "weir/net/task.h"
#include "weir/observe/access_log.h"
#include "weir/route/routing_table.h"
#include "weir/upstream/exchange.h"
#include "weir/upstream/failure.h"
#include "weir/upstream/pool.h"

#include <cstdint>
#include <vector>

namespace weir::upstream {

// Of Plan::tls; 0: plain.
std::uint32_t tls_id(const Plan& plan);
KeepaliveLimits limits_of(const features::Settings& settings);

// Chooses an endpoint and begins its record; null: none is left.
const route::Endpoint* begin_try(Runtime& runtime, const Plan& plan, bool first,
                                 std::vector<observe::UpstreamTry>& tries);

// Connects and shakes hands, for HTTP/2 with that in ALPN. none: `out` is set. What is handed over outlives the Task.
net::Task<Failure> open_connection(Runtime& runtime, const Plan& plan, const route::Endpoint& endpoint,
                                   Protocol protocol, ConnectionPtr& out);

// `failure` ends a try that brought no answer; it is logged as the original does it: 502 or 504. Result: `failure`.
Failure end_try(observe::UpstreamTry& record, Failure failure, std::int64_t took_us);

}  // namespace weir::upstream
