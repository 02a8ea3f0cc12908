// Responses of endpoints that speak HTTP/2 on their way to the client (life-of-a-request, step 9): the endpoint is
// listened to all the time, also while the client takes its time, so that a request body goes on meanwhile; what has
// come and was not delivered is bounded by the endpoint's window. One worker.
#pragma once

#include "proxy/request.h"
#include "proxy/response_sink.h"
#include "weir/upstream/h2_exchange.h"

namespace weir::proxy {

// As relay_response(), and with the endpoint's trailers.
net::Task<upstream::Failure> relay_h2_response(upstream::H2Exchange& exchange, ResponseSink& sink);

}  // namespace weir::proxy
