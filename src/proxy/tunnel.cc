// Step 9 of life-of-a-request, after a 101: a tunnel.
#include "proxy/tunnel.h"

#include "proxy/byte_relay.h"

namespace weir::proxy {

using upstream::Failure;

namespace {

// However the tunnel ends: a drain's deadline destroys its frame.
class CountAtEnd {
 public:
  CountAtEnd(const RelayedBytes& moved, upstream::Exchange& exchange, Request& request)
      : moved_(moved), exchange_(exchange), request_(request) {}
  CountAtEnd(const CountAtEnd&) = delete;
  CountAtEnd& operator=(const CountAtEnd&) = delete;
  ~CountAtEnd() {
    request_.body_bytes_sent += moved_.to_client;
    exchange_.count_body(moved_.to_client);
  }

 private:
  const RelayedBytes& moved_;
  upstream::Exchange& exchange_;
  Request& request_;
};

}  // namespace

net::Task<Failure> run_tunnel(net::Sock& client, upstream::Exchange& exchange, ResponseSink& sink, Request& request) {
  const http::ResponseHead& head = exchange.head();
  ResponseStart start;
  start.status = head.status;
  start.phrase = head.reason();
  start.fields = &head.fields;
  start.upgrade = head.fields.get(http::FieldId::upgrade);
  request.keep_alive = false;
  const int sent = co_await sink.start(start, {}, true);
  if (sent < 0) co_return Failure::client_aborted;
  client.unwatch();
  const features::ProxyPolicy& policy = request.policies().proxy;
  RelayedBytes moved;
  const CountAtEnd count(moved, exchange, request);
  co_await relay_both_ways(client, exchange.sock(), policy.read_timeout, policy.send_timeout, moved);
  co_return Failure::none;
}

}  // namespace weir::proxy
