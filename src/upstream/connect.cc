// Step 8 of life-of-a-request: connecting to an endpoint.
#include "upstream/connect.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

namespace weir::upstream {

net::Address address_of(const route::Endpoint& endpoint) {
  net::Address address;
  if (endpoint.ip.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, &endpoint.ip.bytes[12], 4);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.ip.bytes.data(), 16);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.size = sizeof v6;
  }
  return address;
}

Failure failure_of_connect(int result) {
  switch (-result) {
    case ETIMEDOUT:
      return Failure::connect_timeout;
    // Ours, not the endpoint's: another try would fail the same way.
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EADDRNOTAVAIL:
      return Failure::no_descriptors;
    default:
      return Failure::connect_failed;
  }
}

}  // namespace weir::upstream
