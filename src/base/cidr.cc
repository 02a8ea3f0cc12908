#include "weir/base/cidr.h"

#include "weir/base/ascii.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace weir::base {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;

void clear_host_bits(std::array<std::uint8_t, 16>& bytes, int prefix) {
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(prefix - i * 8, 0, 8);
    auto& byte = bytes[static_cast<std::size_t>(i)];
    byte = static_cast<std::uint8_t>(byte & (0xff00 >> kept));
  }
}

}  // namespace

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  return bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes[12] == 169 && bytes[13] == 254;
  return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  // Both families always fit; inet_ntop writes the RFC 5952 form.
  const bool v4 = is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes.data() + 12 : bytes.data(), text, sizeof text);
  return text;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  bool bracketed = false;
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    bracketed = true;
    text = text.substr(1, text.size() - 2);
  }
  char copy[INET6_ADDRSTRLEN + 1];
  // inet_pton reads up to a NUL: one inside the text would hide what follows.
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';

  IpAddress address;
  if (!bracketed && text.find(':') == std::string_view::npos) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    if (inet_pton(AF_INET, copy, address.bytes.data() + 12) != 1) return std::nullopt;
  } else if (inet_pton(AF_INET6, copy, address.bytes.data()) != 1) {
    return std::nullopt;
  }
  return address;
}

// An IPv6 range shorter than the mapped prefix ("::/0") speaks of IPv6 alone, as it does in nginx's allow and deny.
bool Cidr::contains(const IpAddress& address) const {
  if (prefix < kMappedBits && address.is_v4()) return false;
  auto masked = address.bytes;
  clear_host_bits(masked, prefix);
  return masked == network.bytes;
}

std::string Cidr::to_string() const {
  const int shown = network.is_v4() && prefix >= kMappedBits ? prefix - kMappedBits : prefix;
  return network.to_string() + "/" + std::to_string(shown);
}

std::optional<Cidr> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  const int offset = address->is_v4() && text.substr(0, slash).find(':') == std::string_view::npos ? kMappedBits : 0;
  int prefix = 128 - offset;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    if (digits.empty() || digits.size() > 3 || !std::all_of(digits.begin(), digits.end(), is_digit)) {
      return std::nullopt;
    }
    const auto value = parse_int(digits);
    if (!value || *value > prefix) return std::nullopt;
    prefix = static_cast<int>(*value);
  }
  Cidr cidr{*address, static_cast<std::uint8_t>(prefix + offset)};
  clear_host_bits(cidr.network.bytes, cidr.prefix);
  return cidr;
}

}  // namespace weir::base
