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

// What hosts that ask for certificates tell about the client's (spec 4.3), to `own(name, value)`. The client's own
// fields of these names are never passed on, whatever the host (spec 10.18).
template <class Own>
void write_client_certificate(const Request& request, const route::ClientAuth& auth, const Own& own) {
  const tls::ClientIdentity* client = request.connection->client.get();
  if (client == nullptr) {
    if (request.connection->https) own("ssl-client-verify", "NONE");
    return;
  }
  own("ssl-client-verify", client->verify);
  if (!client->subject.empty()) own("ssl-client-subject-dn", client->subject);
  if (!client->issuer.empty()) own("ssl-client-issuer-dn", client->issuer);
  if (auth.policy.pass_certificate && client->shown) own("ssl-client-cert", client->escaped_pem);
}

// Takes the client's own fields of the names that an error backend or a stand-in trusts (X-Code ...) out of the
// request.
void drop_error_fields(Request& request);

// Takes the client's own fields of the names in proxy-set-headers out of the request.
void drop_replaced_fields(Request& request);

}  // namespace weir::proxy
