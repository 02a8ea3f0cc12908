// Step 9 of life-of-a-request, after a 101, and step 2 where TLS is passed on unread: bytes both ways.
#include "proxy/byte_relay.h"

#include <algorithm>
#include <cerrno>

namespace weir::proxy {
namespace {

struct ByteRelay {
  net::Sock& client;
  net::Sock& upstream;
  net::Millis idle;
  net::Millis send_timeout;
  std::uint64_t last_ms;  // when bytes moved last, in either direction
  RelayedBytes& moved;
  bool broken = false;

  net::Task<void> pump(net::Sock& from, net::Sock& to, std::uint64_t& count);
  void fail(RelayEnd end);
  RelayEnd failed(const net::Sock& side) const {
    return &side == &client ? RelayEnd::client_failed : RelayEnd::upstream_failed;
  }
};

// Ends both directions, not only this one.
void ByteRelay::fail(RelayEnd end) {
  if (broken) return;
  broken = true;
  moved.end = end;
  for (net::Sock* sock : {&client, &upstream}) {
    sock->cancel_read(-ECANCELED);
    sock->cancel_write(-ECANCELED);
  }
}

net::Task<void> ByteRelay::pump(net::Sock& from, net::Sock& to, std::uint64_t& count) {
  net::Millis wait = idle;
  while (!broken) {
    if (!from.input().empty()) {
      const std::string_view bytes = from.input();
      const int sent = co_await to.send_all(bytes, send_timeout);
      if (sent < 0) {
        fail(failed(to));
        co_return;
      }
      count += bytes.size();
      last_ms = from.reactor().now_ms();
      from.consume(bytes.size());
    }
    const int result = co_await from.recv_some(net::BufferPool::kSmall, wait);
    wait = idle;
    if (result > 0) {
      last_ms = from.reactor().now_ms();
      continue;
    }
    if (result == 0) {  // half-closed: the other direction goes on
      to.shutdown_write();
      co_return;
    }
    const net::Millis quiet(from.reactor().now_ms() - last_ms);
    if (result != -ETIMEDOUT || quiet >= idle) {
      fail(result != -ETIMEDOUT ? failed(from) : RelayEnd::quiet);
      co_return;
    }
    // else the other direction was busy meanwhile
    wait = std::max(idle - quiet, net::Millis(1));
  }
}

}  // namespace

net::Task<void> relay_both_ways(net::Sock& client, net::Sock& upstream, net::Millis idle, net::Millis send_timeout,
                                RelayedBytes& moved) {
  ByteRelay relay{client, upstream, idle, send_timeout, client.reactor().now_ms(), moved};
  net::Task<void> down = relay.pump(upstream, client, moved.to_client);
  co_await relay.pump(client, upstream, moved.to_upstream);
  co_await down;
}

void pass_on_failure(RelayEnd end, net::Sock& client, net::Sock& upstream) {
  if (end == RelayEnd::client_failed) upstream.abort();
  if (end == RelayEnd::upstream_failed) client.abort();
}

}  // namespace weir::proxy
