// TCP services (spec 4.14): connections to a port of its own go on to an endpoint, unread. One worker.
#pragma once

#include "proxy/session.h"

#include <memory>

namespace weir::proxy {

// Serves a connection to its end; the table in force says where its port leads. Takes the session over before it first
// waits.
net::Job serve_tcp_service(net::JobGroup& jobs, std::unique_ptr<Session>& handed_over);

}  // namespace weir::proxy
