// Response bodies on their way to the client (life-of-a-request, step 9), with back-pressure and constant memory.
#pragma once

#include "proxy/request.h"
#include "proxy/response_sink.h"
#include "proxy/worker.h"

namespace weir::proxy {

// Sends the response that `exchange` holds. Failures after the head has gone out leave a response that must be cut:
// truncated (the upstream's doing), client_aborted, client_send_timeout.
// `exchange` may be finished already when it returns.
net::Task<upstream::Failure> relay_response(Worker& worker, upstream::Exchange& exchange, ResponseSink& sink,
                                            Request& request);

// Has all of the body come already? Then the connection may serve again although nobody wants the body.
bool body_is_here(upstream::Exchange& exchange, Worker& worker);

// What a failed send to the client, or a failed read in the middle of a body, means.
upstream::Failure failure_of_send(int result);
upstream::Failure failure_of_body_read(const upstream::Exchange& exchange, int result);

}  // namespace weir::proxy
