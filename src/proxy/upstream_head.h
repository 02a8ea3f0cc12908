// The head of a request to an endpoint (life-of-a-request, step 9; spec 5.1).
#pragma once

#include "proxy/request.h"
#include "weir/http/h1_writer.h"
#include "weir/upstream/exchange.h"

namespace weir::proxy {

class UpstreamHead final : public upstream::HeadSource {
 public:
  // REQUIRES: the pipeline has decided everything the head tells: target, Host, request id, how the body goes.
  // `body`: the request's body goes with it.
  explicit UpstreamHead(const Request& request, bool body = true) : request_(request), body_(body) {}
  void write_head(upstream::OutBuffer& out) override;

 private:
  const Request& request_;
  const bool body_;
};

// X-Forwarded-For as the next hop gets it (spec 5.1).
void write_forwarded_for(http::HeadWriter& head, const Request& request);

// Takes the client's own fields of the names that an error backend trusts (X-Code ...) out of the request.
void drop_error_fields(http::Fields& fields);

// Takes the client's own fields of the names in proxy-set-headers out of the request.
void drop_replaced_fields(Request& request);

}  // namespace weir::proxy
