// ResponseSink: where a response goes, the client's side of one request. HTTP/1 is the one codec now; HTTP/2 will be
// another one behind the same functions, not a second pipeline. One worker. Results as in net/sock.h: > 0, or -errno.
#pragma once

#include "proxy/response_head.h"
#include "weir/net/sock.h"
#include "weir/net/task.h"

#include <string_view>

namespace weir::proxy {

class ResponseSink {
 public:
  virtual ~ResponseSink() = default;

  // The head, and the first bytes of the body with it. `last`: nothing follows. Settles request.keep_alive.
  virtual net::Task<int> start(const ResponseStart& start, std::string_view body, bool last) = 0;
  // Further bytes. `body` must stay valid until it has finished, unless it lies in the worker's scratch memory.
  virtual net::Task<int> data(std::string_view body, bool last) = 0;
  // The end of a body whose last bytes went before, with trailer fields. HTTP/1 does without them (spec 3.6). `fields`
  // outlives the Task.
  virtual net::Task<int> trailers(const http::Fields& fields);
  // A socket that takes the rest of the body as it is (for splice); null: it needs framing or encryption.
  virtual net::Sock* raw_socket() = 0;
  // Cuts the response so that the client cannot take it for a complete one.
  virtual void abort() = 0;
};

inline net::Task<int> ResponseSink::trailers(const http::Fields&) {
  return data({}, true);
}

}  // namespace weir::proxy
