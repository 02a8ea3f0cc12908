// Response bodies with proxy-buffering on: the endpoint is read ahead of a slow client within buffers_number x
// buffer_size, and let go as soon as it has delivered (life-of-a-request, step 9).
#pragma once

#include "proxy/response_body.h"
#include "proxy/response_sink.h"
#include "proxy/worker.h"

#include <cstddef>

namespace weir::proxy {

// The rest of a body whose head was sent. `limit`: bytes held for the client, rounded up by what one read brings.
net::Task<upstream::Failure> relay_buffered(Worker& worker, upstream::Exchange& exchange, ResponseSink& sink,
                                            BodyReader& body, std::size_t limit);

}  // namespace weir::proxy
