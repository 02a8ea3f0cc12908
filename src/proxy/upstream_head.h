// The head of a request to an endpoint (life-of-a-request, step 9; spec 5.1).
#pragma once

#include "proxy/request.h"
#include "weir/upstream/exchange.h"

namespace weir::proxy {

class UpstreamHead final : public upstream::HeadSource {
 public:
  // REQUIRES: the pipeline has decided everything the head tells: target, Host, request id, how the body goes.
  explicit UpstreamHead(const Request& request) : request_(request) {}
  void write_head(upstream::OutBuffer& out) override;

 private:
  const Request& request_;
};

}  // namespace weir::proxy
