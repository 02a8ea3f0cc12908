// Upgraded connections (WebSocket and others): bytes both ways (life-of-a-request, a variant of step 9).
#pragma once

#include "proxy/request.h"
#include "proxy/response_sink.h"
#include "weir/net/sock.h"

namespace weir::proxy {

// Sends the 101 that `exchange` holds, then bytes until both sides have closed, one fails, or nothing moved for the
// read timeout (spec 3.6).
net::Task<upstream::Failure> run_tunnel(net::Sock& client, upstream::Exchange& exchange, ResponseSink& sink,
                                        Request& request);

}  // namespace weir::proxy
