// ApiCall: one request to the API server, as the writers (leader election, status, events) need it. They know neither
// addresses nor credentials nor connections; tests give them a function.
//
// Thread rule: called and answered on the control thread. `done` runs exactly once, never from within the call, also
// when the server does not answer (the implementation has a time limit); it may run after the caller is gone, so the
// writers put nothing but weak references into it.
#pragma once

#include "weir/base/result.h"

#include <chrono>
#include <functional>
#include <string>

namespace weir::watch {

struct ApiRequest {
  std::string method;        // GET, POST, PUT, PATCH
  std::string path;          // with the query, if any
  std::string content_type;  // of the body; empty: application/json
  std::string body;
};

struct ApiAnswer {
  int status = 0;
  std::string body;
  std::chrono::seconds retry_after{0};  // 0: the server named none
};

// An error: no answer came (not connected, not trusted, timed out).
using ApiDone = std::function<void(base::Result<ApiAnswer>)>;
using ApiCall = std::function<void(ApiRequest, ApiDone)>;

}  // namespace weir::watch
