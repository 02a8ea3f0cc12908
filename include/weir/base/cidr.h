// IP addresses and CIDR ranges as values (IPv4 and IPv6). Pure; any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::base {

// An IPv4 address is kept in its IPv4-mapped IPv6 form (::ffff:a.b.c.d), so that one comparison serves both.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  bool is_loopback() const;    // 127/8, ::1
  bool is_link_local() const;  // 169.254/16, fe80::/10
  std::string to_string() const;
  auto operator<=>(const IpAddress&) const = default;
};

// Accepts "1.2.3.4", "::1", "[::1]"; no port, no zone.
std::optional<IpAddress> parse_ip(std::string_view text);

struct Cidr {
  IpAddress network;          // host bits are zero
  std::uint8_t prefix = 128;  // in bits of the mapped form: an IPv4 /8 is 104

  bool is_v4() const { return prefix >= 96 && network.is_v4(); }
  bool contains(const IpAddress& address) const;
  std::string to_string() const;  // "10.0.0.0/8"
  auto operator<=>(const Cidr&) const = default;
};

// Accepts an address or address/prefix; host bits are cleared. nullopt if it is neither.
std::optional<Cidr> parse_cidr(std::string_view text);

}  // namespace weir::base
