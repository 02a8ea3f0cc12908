// One datagram in or out, with the local address it came to or leaves from: a client that asked one of our addresses
// takes no answer from another. One worker.
#pragma once

#include "weir/base/cidr.h"
#include "weir/net/address.h"
#include "weir/route/routing_table.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::proxy {

inline constexpr std::size_t kLongestDatagram = 65536;

struct ReceivedDatagram {
  net::Address from;
  base::IpAddress to;
  std::uint32_t interface = 0;  // where it came in, of link-local addresses only
};

base::IpAddress ip_of(const net::Address& address);

// Into `buffer` of kLongestDatagram. Result: its size, or -errno.
int receive_datagram(int fd, char* buffer, ReceivedDatagram& out);
// false: it was not taken, and is lost.
bool send_datagram(int fd, const net::Address& to, const base::IpAddress& from, std::uint32_t interface,
                   std::string_view bytes);
// A socket whose only peer is the endpoint. Result: 0, or errno; EMFILE also where the last descriptors are kept.
int connect_datagrams(const route::Endpoint& endpoint, int& fd);

}  // namespace weir::proxy
