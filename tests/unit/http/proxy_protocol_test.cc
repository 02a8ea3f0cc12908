#include "weir/http/proxy_protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string v2(unsigned char version_command, unsigned char family, const std::string& block) {
  std::string out = kSignature;
  out += static_cast<char>(version_command);
  out += static_cast<char>(family);
  out += static_cast<char>(block.size() >> 8);
  out += static_cast<char>(block.size() & 0xff);
  return out + block;
}

const std::string kBlock4 = "\x0a\x01\x02\x03\xc6\x33\x64\x07\x1f\x90\x01\xbb"s;

ProxyStatus status_of(std::string_view input) {
  return parse_proxy_header(input).status;
}

void expect_bad(const std::string& input) {
  EXPECT_EQ(status_of(input), ProxyStatus::bad) << testing::PrintToString(input);
}

TEST(ProxyHeader, Version1NamesBothEndsOfTheConnection) {
  const ProxyHeader header = parse_proxy_header("PROXY TCP4 10.1.2.3 198.51.100.7 8080 443\r\nGET /");

  EXPECT_EQ(header.status, ProxyStatus::proxied);
  EXPECT_EQ(header.size, 43u);
  EXPECT_EQ(header.addresses.source.to_string(), "10.1.2.3");
  EXPECT_EQ(header.addresses.source_port, 8080);
  EXPECT_EQ(header.addresses.destination.to_string(), "198.51.100.7");
  EXPECT_EQ(header.addresses.destination_port, 443);
}

TEST(ProxyHeader, Version1KnowsIpv6) {
  const ProxyHeader header = parse_proxy_header("PROXY TCP6 fd00::1 fd00::2 1 65535\r\n");

  EXPECT_EQ(header.status, ProxyStatus::proxied);
  EXPECT_EQ(header.addresses.source.to_string(), "fd00::1");
  EXPECT_EQ(header.addresses.destination_port, 65535);
}

TEST(ProxyHeader, WhatIsWrittenIsReadBack) {
  for (const char* text : {"PROXY TCP4 10.1.2.3 198.51.100.7 8080 443\r\n", "PROXY TCP6 fd00::1 fd00::2 1 65535\r\n"}) {
    EXPECT_EQ(proxy_header_text(parse_proxy_header(text).addresses), text);
  }
  ProxyAddresses mixed = parse_proxy_header("PROXY TCP6 fd00::1 fd00::2 1 65535\r\n").addresses;
  mixed.source = *base::parse_ip("10.0.0.1");
  EXPECT_EQ(proxy_header_text(mixed), "PROXY UNKNOWN\r\n");
}

TEST(ProxyHeader, UnknownLeavesTheConnectionsOwnAddresses) {
  EXPECT_EQ(status_of("PROXY UNKNOWN\r\n"), ProxyStatus::local);
  EXPECT_EQ(status_of("PROXY UNKNOWN ff::1 x y z\r\n"), ProxyStatus::local);
  EXPECT_EQ(parse_proxy_header("PROXY UNKNOWN\r\nGET").size, 15u);
}

TEST(ProxyHeader, Version1IsReadExactly) {
  expect_bad("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\nGET / HTTP/1.1\r\n");
  expect_bad("PROXY TCP4 10.0.0.1 10.0.0.2 1\r\n");
  expect_bad("PROXY TCP4 10.0.0.1 10.0.0.2 1 2 3\r\n");
  expect_bad("PROXY TCP4  10.0.0.1 10.0.0.2 1 2\r\n");
  expect_bad("PROXY TCP4 10.0.0.1 10.0.0.2 1 65536\r\n");
  expect_bad("PROXY TCP4 10.0.0.1 10.0.0.2 01 2\r\n");
  expect_bad("PROXY TCP4 10.0.0.1 10.0.0.2 -1 2\r\n");
  expect_bad("PROXY TCP4 10.0.0.1 10.0.0.2 1 \r\n");
  expect_bad("PROXY TCP4 fd00::1 fd00::2 1 2\r\n");
  expect_bad("PROXY TCP6 10.0.0.1 10.0.0.2 1 2\r\n");
  expect_bad("PROXY TCP6 [fd00::1] fd00::2 1 2\r\n");
  expect_bad("PROXY TCP5 10.0.0.1 10.0.0.2 1 2\r\n");
  expect_bad("PROXY tcp4 10.0.0.1 10.0.0.2 1 2\r\n");
  expect_bad("proxy TCP4 10.0.0.1 10.0.0.2 1 2\r\n");
  expect_bad("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\rx\r\n");
  expect_bad("PROXY TCP4 a.example 10.0.0.2 1 2\r\n");
}

TEST(ProxyHeader, WhatNeverBecomesAHeaderIsRefusedAtItsFirstWrongByte) {
  expect_bad("G");
  expect_bad("PROXZ");
  expect_bad("\r\n\r\nX");
  expect_bad("\x16\x03\x01");
  expect_bad("PROXY UNKNOWN " + std::string(200, 'x'));
  expect_bad("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n");
  EXPECT_EQ(status_of("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), ProxyStatus::local);
}

TEST(ProxyHeader, Version2NamesBothEndsOfTheConnection) {
  const ProxyHeader header = parse_proxy_header(v2(0x21, 0x11, kBlock4) + "GET");

  EXPECT_EQ(header.status, ProxyStatus::proxied);
  EXPECT_EQ(header.size, 28u);
  EXPECT_EQ(header.addresses.source.to_string(), "10.1.2.3");
  EXPECT_EQ(header.addresses.source_port, 8080);
  EXPECT_EQ(header.addresses.destination.to_string(), "198.51.100.7");
  EXPECT_EQ(header.addresses.destination_port, 443);
}

TEST(ProxyHeader, Version2KnowsIpv6AndSkipsExtensions) {
  const std::string addresses = "\xfd"s + std::string(14, '\0') + "\x01" + "\xfd" + std::string(14, '\0') + "\x02";
  const ProxyHeader header = parse_proxy_header(v2(0x21, 0x21, addresses + "\0\x50\x01\xbb\x03\0\x04zzzz"s));

  EXPECT_EQ(header.status, ProxyStatus::proxied);
  EXPECT_EQ(header.size, 16u + 36u + 7u);
  EXPECT_EQ(header.addresses.source.to_string(), "fd00::1");
  EXPECT_EQ(header.addresses.source_port, 80);
}

TEST(ProxyHeader, Version2WithoutAddressesLeavesTheConnectionsOwn) {
  EXPECT_EQ(status_of(v2(0x20, 0x00, "")), ProxyStatus::local);  // LOCAL: a health check of the load balancer
  EXPECT_EQ(status_of(v2(0x20, 0x11, kBlock4)), ProxyStatus::local);
  EXPECT_EQ(status_of(v2(0x21, 0x00, "")), ProxyStatus::local);
  EXPECT_EQ(status_of(v2(0x21, 0x12, kBlock4)), ProxyStatus::local);                // datagrams
  EXPECT_EQ(status_of(v2(0x21, 0x31, std::string(216, 'u'))), ProxyStatus::local);  // unix
}

TEST(ProxyHeader, Version2IsReadExactly) {
  expect_bad(v2(0x11, 0x11, kBlock4));                // version 1 in a binary header
  expect_bad(v2(0x22, 0x11, kBlock4));                // unknown command
  expect_bad(v2(0x21, 0x41, kBlock4));                // unknown family
  expect_bad(v2(0x21, 0x13, kBlock4));                // unknown transport
  expect_bad(v2(0x21, 0x11, kBlock4.substr(0, 11)));  // too short for its addresses
  expect_bad(v2(0x21, 0x21, std::string(35, 'x')));
  expect_bad(v2(0x21, 0x11, kBlock4 + std::string(5000, 'x')));  // longer than anybody needs
}

TEST(ProxyHeader, EveryBeginningOfAHeaderWaitsForMore) {
  for (const std::string& whole : {"PROXY TCP4 10.1.2.3 198.51.100.7 8080 443\r\n"s, v2(0x21, 0x11, kBlock4)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(status_of(whole.substr(0, size)), ProxyStatus::more) << size;
    }
    EXPECT_EQ(parse_proxy_header(whole).size, whole.size());
  }
}

}  // namespace
}  // namespace weir::http
