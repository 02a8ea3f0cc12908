// Request: all that one client request owns between its head and its access log line. Objects are taken from the worker
// and given back (RequestPtr), so that their strings keep their capacity. One worker.
#pragma once

#include "proxy/request_body.h"
#include "proxy/snapshot.h"
#include "weir/observe/access_log.h"
#include "weir/proxy/filter.h"
#include "weir/upstream/exchange.h"
#include "weir/upstream/failure.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::proxy {

struct Request : RequestContext {
  Request() { whole = this; }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  SnapshotRef snapshot;
  RequestBody body;
  net::Sock* client = nullptr;  // its leaving ends what is done for the request; null: HTTP/2

  // --- step 7: what is tried
  const route::Backend* backend = nullptr;
  std::string_view canary;  // its name, if it is the canary of the location's backend
  std::span<const route::Endpoint> endpoints;
  upstream::Selection selection;                             // unused for round robin
  std::vector<route::Endpoint> resolved_endpoints;           // of an external name; `endpoints` points here then
  std::vector<std::vector<route::Endpoint>> past_endpoints;  // of earlier backends: `tries` refers to their addresses

  // --- custom errors (spec 4.7)
  int error_code = 0;            // X-Code for an error backend or a stand-in; 0: neither is asked
  bool error_page = false;       // the error backend answers, or has failed to: nothing is replaced any more
  bool errors_replaced = false;  // there was an error page, and an X-Accel-Redirect may have led away from it since

  // --- X-Accel-Redirect (spec 3.6)
  bool redirects_now = false;  // the response at hand was dropped for redirect_to
  std::string redirect_to;     // as the endpoint has written it
  int redirects = 0;           // so far, error pages included
  http::Fields carried;        // what the next response has of those that were dropped

  // --- step 9
  http::ResponseHead upstream_head;
  std::vector<observe::UpstreamTry> tries;
  std::string_view request_id;  // the client's, or generated_id
  std::array<char, 32> generated_id{};

  // --- what the log says
  std::int64_t began_us = 0;  // first byte of the head
  std::uint64_t connection_serial = 0;
  std::uint64_t connection_requests = 0;
  std::string bad_line;     // what came instead of a readable request line
  int status = 0;           // sent to the client, or what it would have been
  std::string_view reason;  // why Weir made the answer, or cut it
  std::string sent_head;    // the response's, as it went out; only if a log format asks for its fields
  std::uint64_t head_bytes_sent = 0;
  std::uint64_t body_bytes_sent = 0;

  bool keep_alive = false;  // decided before the response head is written
  bool response_started = false;
  bool cut = false;        // ended by a reset: nothing more is said to this client
  bool cancelled = false;  // by the endpoint, in the words of HTTP/2: an HTTP/2 client is told the same
  bool silent = false;     // health checks: neither logged nor counted

  void clear();
  // Another backend is asked next.
  void retire_endpoints();
  // Nothing of the location and its backend holds any more.
  void leave_location();
};

// Gives a Request back to the worker that lent it.
struct RequestReturner {
  std::vector<std::unique_ptr<Request>>* free = nullptr;
  void operator()(Request* request) const noexcept;
};
using RequestPtr = std::unique_ptr<Request, RequestReturner>;

}  // namespace weir::proxy
