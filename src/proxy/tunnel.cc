// Step 9 of life-of-a-request, after a 101: a tunnel.
#include "proxy/tunnel.h"

#include <algorithm>
#include <cerrno>

namespace weir::proxy {
namespace {

using upstream::Failure;

struct Tunnel {
  net::Sock& client;
  net::Sock& upstream;
  net::Millis read_timeout;
  net::Millis send_timeout;
  std::uint64_t last_ms;  // when bytes moved last, in either direction
  std::uint64_t to_client = 0;
  std::uint64_t to_upstream = 0;
  bool broken = false;

  net::Task<void> pump(net::Sock& from, net::Sock& to, std::uint64_t& moved);
  void fail();
};

// Ends both directions, not only this one.
void Tunnel::fail() {
  if (broken) return;
  broken = true;
  for (net::Sock* sock : {&client, &upstream}) {
    sock->cancel_read(-ECANCELED);
    sock->cancel_write(-ECANCELED);
  }
}

net::Task<void> Tunnel::pump(net::Sock& from, net::Sock& to, std::uint64_t& moved) {
  net::Millis wait = read_timeout;
  while (!broken) {
    if (!from.input().empty()) {
      const std::string_view bytes = from.input();
      const int sent = co_await to.send_all(bytes, send_timeout);
      if (sent < 0) break;
      moved += bytes.size();
      last_ms = from.reactor().now_ms();
      from.consume(bytes.size());
    }
    const int result = co_await from.recv_some(net::BufferPool::kSmall, wait);
    wait = read_timeout;
    if (result > 0) {
      last_ms = from.reactor().now_ms();
      continue;
    }
    if (result == 0) {  // half-closed: the other direction goes on
      to.shutdown_write();
      co_return;
    }
    if (result != -ETIMEDOUT) break;
    const net::Millis quiet(from.reactor().now_ms() - last_ms);
    if (quiet >= read_timeout) break;  // else the other direction was busy meanwhile
    wait = std::max(read_timeout - quiet, net::Millis(1));
  }
  fail();
}

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
  Tunnel tunnel{client, exchange.sock(), policy.read_timeout, policy.send_timeout, client.reactor().now_ms()};
  {
    net::Task<void> down = tunnel.pump(exchange.sock(), client, tunnel.to_client);
    co_await tunnel.pump(client, exchange.sock(), tunnel.to_upstream);
    co_await down;
  }
  request.body_bytes_sent += tunnel.to_client;
  exchange.count_body(tunnel.to_client);
  co_return Failure::none;
}

}  // namespace weir::proxy
