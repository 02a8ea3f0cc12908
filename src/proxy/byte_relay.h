// Bytes both ways between two connections that nobody reads a protocol on any more: upgraded ones (tunnel.h) and TLS
// that is passed on unread (passthrough.cc). One worker.
#pragma once

#include "weir/net/sock.h"

#include <cstdint>

namespace weir::proxy {

enum class RelayEnd : std::uint8_t {
  closed,           // both sides have finished sending
  quiet,            // nothing moved for the idle time
  client_failed,    // reset, or it did not take its bytes in time
  upstream_failed,  // the same of the other side
};

struct RelayedBytes {
  std::uint64_t to_client = 0;
  std::uint64_t to_upstream = 0;
  RelayEnd end = RelayEnd::closed;
};

// Until both sides have closed, one fails, or nothing moved in either direction for `idle`. One side's end of sending
// is passed on; the other direction goes on. What is in `client.input()` goes first. `moved` is filled meanwhile; it
// and the connections outlive the Task.
net::Task<void> relay_both_ways(net::Sock& client, net::Sock& upstream, net::Millis idle, net::Millis send_timeout,
                                RelayedBytes& moved);

// Each side is to learn that what it got is not all: after one failed, the other's close is a reset.
void pass_on_failure(RelayEnd end, net::Sock& client, net::Sock& upstream);

}  // namespace weir::proxy
