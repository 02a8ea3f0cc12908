// The end of every request (life-of-a-request, step 11).
#pragma once

#include "proxy/request.h"
#include "proxy/worker.h"

#include <string_view>

namespace weir::proxy {

// Log line, metrics sample, counters. Exactly once per request.
void finish(Worker& worker, Request& request);

// Do the settings want a line for it?
bool is_logged(const Request& request);

// Does the log's format name fields of the response? Then request.sent_head is to hold the head that went out, in lines
// as of HTTP/1: "HTTP/1.1 200 OK\r\nDate: ...".
bool keeps_sent_head(Worker& worker, const Request& request);

// Runs finish() however the coroutine that handles the request ends: also when its frame is destroyed or memory is out.
class FinishGuard {
 public:
  FinishGuard(Worker& worker, Request& request) : worker_(worker), request_(request) {}
  FinishGuard(const FinishGuard&) = delete;
  FinishGuard& operator=(const FinishGuard&) = delete;
  ~FinishGuard() { finish(worker_, request_); }

 private:
  Worker& worker_;
  Request& request_;
};

}  // namespace weir::proxy
