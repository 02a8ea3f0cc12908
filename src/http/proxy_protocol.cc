// Step 2 of life-of-a-request: the PROXY header, before TLS.
#include "weir/http/proxy_protocol.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <optional>

namespace weir::http {
namespace {

constexpr std::string_view kV1Prefix = "PROXY ";
constexpr std::string_view kV2Signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kV2Fixed = 16;  // signature, version and command, family, length
constexpr std::size_t kV2Inet = 12;   // two addresses and two ports
constexpr std::size_t kV2Inet6 = 36;

ProxyHeader bad() {
  ProxyHeader out;
  out.status = ProxyStatus::bad;
  return out;
}

ProxyHeader complete(ProxyStatus status, std::size_t size) {
  ProxyHeader out;
  out.status = status;
  out.size = size;
  return out;
}

// The next word of `rest`, up to one blank or the end.
std::string_view take_word(std::string_view& rest) {
  const std::size_t blank = rest.find(' ');
  const std::string_view word = rest.substr(0, blank);
  rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
  return word;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint32_t port = 0;
  for (const char c : text) {
    if (!base::is_digit(c)) return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// Of the family the line names: no brackets, no IPv4 in a TCP6 line.
std::optional<base::IpAddress> parse_address(std::string_view text, bool v6) {
  const bool has_colon = text.find(':') != std::string_view::npos;
  if (text.empty() || text.front() == '[' || has_colon != v6) return std::nullopt;
  return base::parse_ip(text);
}

ProxyHeader parse_v1(std::string_view input) {
  const std::string_view start = input.substr(0, kProxyV1Max);
  const std::size_t end = start.find("\r\n");
  if (end == std::string_view::npos) {
    // A line feed alone, or a carriage return in front of something else, never becomes a line.
    const std::size_t control = start.find_first_of("\r\n");
    const bool open = control == std::string_view::npos || (start[control] == '\r' && control + 1 == start.size());
    return open && start.size() < kProxyV1Max ? ProxyHeader{} : bad();
  }
  std::string_view rest = start.substr(kV1Prefix.size(), end - kV1Prefix.size());
  if (rest.find_first_of("\r\n") != std::string_view::npos) return bad();
  const std::string_view family = take_word(rest);
  if (family == "UNKNOWN") return complete(ProxyStatus::local, end + 2);
  if (family != "TCP4" && family != "TCP6") return bad();
  const bool v6 = family == "TCP6";
  const auto source = parse_address(take_word(rest), v6);
  const auto destination = parse_address(take_word(rest), v6);
  const auto source_port = parse_port(take_word(rest));
  const auto destination_port = parse_port(rest);
  if (!source || !destination || !source_port || !destination_port) return bad();
  ProxyHeader out = complete(ProxyStatus::proxied, end + 2);
  out.addresses = {*source, *source_port, *destination, *destination_port};
  return out;
}

std::uint16_t big_endian(std::string_view bytes) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]));
}

base::IpAddress address_of(std::string_view bytes) {
  base::IpAddress out;
  if (bytes.size() == 4) out.bytes[10] = out.bytes[11] = 0xff;
  std::copy(bytes.begin(), bytes.end(), out.bytes.end() - static_cast<std::ptrdiff_t>(bytes.size()));
  return out;
}

ProxyHeader parse_v2(std::string_view input) {
  if (input.size() < kV2Fixed) return {};
  const auto version_command = static_cast<unsigned char>(input[12]);
  const auto family_transport = static_cast<unsigned char>(input[13]);
  const unsigned command = version_command & 0x0fu;
  const unsigned family = family_transport >> 4;
  const unsigned transport = family_transport & 0x0fu;
  if (version_command >> 4 != 2 || command > 1 || family > 3 || transport > 2) return bad();
  const std::size_t length = big_endian(input.substr(14, 2));
  const std::size_t size = kV2Fixed + length;
  if (size > kProxyV2Max) return bad();
  const bool stream = command == 1 && transport == 1;
  const std::size_t wanted = stream && family == 1 ? kV2Inet : stream && family == 2 ? kV2Inet6 : 0;
  if (length < wanted) return bad();
  if (input.size() < size) return {};
  if (wanted == 0) return complete(ProxyStatus::local, size);
  const std::size_t width = family == 1 ? 4 : 16;
  const std::string_view block = input.substr(kV2Fixed, wanted);
  ProxyHeader out = complete(ProxyStatus::proxied, size);
  out.addresses.source = address_of(block.substr(0, width));
  out.addresses.destination = address_of(block.substr(width, width));
  out.addresses.source_port = big_endian(block.substr(2 * width, 2));
  out.addresses.destination_port = big_endian(block.substr(2 * width + 2, 2));
  return out;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view input) {
  if (input.empty()) return {};
  if (input.front() == kV2Signature.front()) {
    const std::size_t known = std::min(input.size(), kV2Signature.size());
    return input.substr(0, known) == kV2Signature.substr(0, known) ? parse_v2(input) : bad();
  }
  const std::size_t known = std::min(input.size(), kV1Prefix.size());
  if (input.substr(0, known) != kV1Prefix.substr(0, known)) return bad();
  return input.size() < kV1Prefix.size() ? ProxyHeader{} : parse_v1(input);
}

std::string proxy_header_text(const ProxyAddresses& addresses) {
  const bool is_v4 = addresses.source.is_v4();
  if (is_v4 != addresses.destination.is_v4()) return "PROXY UNKNOWN\r\n";
  std::string out = is_v4 ? "PROXY TCP4 " : "PROXY TCP6 ";
  out.append(addresses.source.to_string()).append(1, ' ').append(addresses.destination.to_string()).append(1, ' ');
  out.append(std::to_string(addresses.source_port)).append(1, ' ');
  out.append(std::to_string(addresses.destination_port)).append("\r\n");
  return out;
}

}  // namespace weir::http
