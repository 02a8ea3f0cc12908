// Responses over HTTP/1 (RFC 9112 6, 7.1). One worker; lives as long as its request is handled.
#pragma once

#include "proxy/paced_sink.h"

namespace weir::proxy {

class Http1Sink final : public PacedSink {
 public:
  Http1Sink(Worker& worker, net::Sock& client, Request& request) : PacedSink(worker, request), client_(client) {}

  net::Sock* raw_socket() override;
  void abort() override;

 private:
  net::Task<int> head(const ResponseStart& start, std::string_view body, bool last) override;
  net::Task<int> piece(std::string_view body, bool last) override;
  Framing choose_framing(const ResponseStart& start) const;

  net::Sock& client_;
  Framing framing_ = Framing::none;
};

}  // namespace weir::proxy
