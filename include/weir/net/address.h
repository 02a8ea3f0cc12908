// Address: an IPv4 or IPv6 socket address as a value. Any thread. Text forms are the numeric ones; nothing is resolved.
#pragma once

#include "weir/base/result.h"

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;  // 0: unknown or not an IP address

  // "10.0.0.1", "::1", "[::1]", "fe80::1%eth0". Fails on names.
  static base::Result<Address> parse(std::string_view ip, std::uint16_t port);

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }

  // "10.0.0.1", "::1"; an IPv4 address mapped into IPv6 is written as IPv4. Empty when unknown.
  std::string ip() const;
  std::uint16_t port() const;
  // "10.0.0.1:80", "[::1]:80".
  std::string text() const;
};

}  // namespace weir::net
