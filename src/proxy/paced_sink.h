// PacedSink: what the sinks of both protocol versions share: limit-rate (spec 4.5) and X-Accel-Limit-Rate. Bytes go out
// in pieces with pauses between them; a response without that limit passes straight through. One worker.
#pragma once

#include "proxy/request.h"
#include "proxy/response_sink.h"
#include "proxy/throttle.h"

namespace weir::proxy {

class Worker;

class PacedSink : public ResponseSink {
 public:
  net::Task<int> start(const ResponseStart& start, std::string_view body, bool last) final;
  net::Task<int> data(std::string_view body, bool last) final;

 protected:
  PacedSink(Worker& worker, Request& request) : worker_(worker), request_(request) {}

  // What start() and data() do without a limit. They count what they send into the request.
  virtual net::Task<int> head(const ResponseStart& start, std::string_view body, bool last) = 0;
  virtual net::Task<int> piece(std::string_view body, bool last) = 0;
  bool paced() const { return throttle_.on(); }

  Worker& worker_;
  Request& request_;

 private:
  net::Task<int> slow_start(const ResponseStart& start, std::string_view body, bool last);
  net::Task<int> slow_data(std::string_view body, bool last);

  Throttle throttle_;
};

}  // namespace weir::proxy
