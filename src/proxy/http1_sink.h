// Responses over HTTP/1 (RFC 9112 6, 7.1). One worker; lives as long as its request is handled.
#pragma once

#include "proxy/request.h"
#include "proxy/response_sink.h"
#include "proxy/throttle.h"

namespace weir::proxy {

class Worker;

class Http1Sink final : public ResponseSink {
 public:
  Http1Sink(Worker& worker, net::Sock& client, Request& request)
      : worker_(worker), client_(client), request_(request) {}

  net::Task<int> start(const ResponseStart& start, std::string_view body, bool last) override;
  net::Task<int> data(std::string_view body, bool last) override;
  net::Sock* raw_socket() override;
  void abort() override;

 private:
  Framing choose_framing(const ResponseStart& start) const;
  // limit-rate: in pieces, with pauses between them.
  net::Task<int> slow_data(std::string_view body, bool last);
  net::Task<int> piece(std::string_view body, bool last);

  Worker& worker_;
  net::Sock& client_;
  Request& request_;
  Framing framing_ = Framing::none;
  Throttle throttle_;
};

}  // namespace weir::proxy
