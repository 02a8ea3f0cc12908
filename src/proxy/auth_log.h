// Lines of the access log for sub-requests of external authentication (enable-auth-access-log).
#pragma once

#include "proxy/request.h"
#include "proxy/worker.h"
#include "weir/proxy/auth_answer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weir::proxy {

// What one sub-request was, beside the service's answer.
struct SubRequest {
  std::int64_t began_us = 0;  // Reactor::now_us()
  std::string host;           // of the service's URL
  std::string target;
  http::ResponseHead head;
  std::vector<observe::UpstreamTry> tries;
};

// The request's own line with status, time, upstream and $uri of the sub-request; nothing unless the ConfigMap asks
// for it.
void log_sub_request(Worker& worker, const Request& request, const AuthAnswer& answer, const SubRequest& sub);

}  // namespace weir::proxy
