// Step 9 of life-of-a-request, after a 101: a tunnel.
#include "proxy/tunnel.h"

#include "proxy/byte_relay.h"

namespace weir::proxy {

using upstream::Failure;

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
  co_await relay_both_ways(client, exchange.sock(), policy.read_timeout, policy.send_timeout, moved);
  request.body_bytes_sent += moved.to_client;
  exchange.count_body(moved.to_client);
  co_return Failure::none;
}

}  // namespace weir::proxy
