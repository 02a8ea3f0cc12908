// Response bodies on their way to the client (life-of-a-request, step 9), with back-pressure and constant memory.
#pragma once

#include "proxy/request.h"
#include "proxy/response_sink.h"
#include "proxy/worker.h"

namespace weir::proxy {

// Sends the response that `exchange` holds. Failures after the head has gone out leave a response that must be cut:
// truncated (the upstream's doing), client_aborted, client_send_timeout.
net::Task<upstream::Failure> relay_response(Worker& worker, upstream::Exchange& exchange, ResponseSink& sink,
                                            Request& request);

}  // namespace weir::proxy
