// The trust matrix of spec 5.2, row by row.
#include "proxy/forwarded.h"
#include "proxy/request.h"
#include "unit/proxy/harness.h"
#include "weir/http/h1_parser.h"

#include <gtest/gtest.h>

namespace weir::proxy::test {
namespace {

class TrustTest : public ::testing::Test {
 protected:
  TrustTest() {
    settings->proxy_real_ip_cidr = {*base::parse_cidr("0.0.0.0/0")};
    peer("10.9.9.9", 4711);
    connection.local_port = 8080;
    table.https_port = 8443;
  }

  void peer(const char* address, std::uint16_t port) {
    connection.address = *base::parse_ip(address);
    connection.address_text = connection.address.to_string();
    connection.port = port;
  }
  void proxied(const char* source, const char* destination, std::uint16_t destination_port) {
    connection.proxied =
        http::ProxyAddresses{*base::parse_ip(source), 1234, *base::parse_ip(destination), destination_port};
  }
  const Forwarded& resolve(const std::string& fields = {}) {
    request.clear();
    table.settings = settings;
    request.table = &table;
    request.connection = &connection;
    const std::string head = "GET / HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n";
    EXPECT_EQ(http::parse_request_head(head, http::H1Limits{}, request.head).status, http::ParseStatus::done);
    resolve_forwarded(request);
    return request.forwarded;
  }
  std::string full() {
    std::string out;
    append_proxied_for(request, out);
    return out;
  }

  std::shared_ptr<features::Settings> settings = std::make_shared<features::Settings>();
  ClientConnection connection;
  route::RoutingTable table;
  Request request;
};

const std::string kAll =
    "X-Forwarded-For: 1.2.3.4, 5.6.7.8\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: f.example, g\r\n"
    "X-Forwarded-Port: 99\r\n";

TEST_F(TrustTest, ByDefaultNothingAClientSaysCounts) {
  const Forwarded& f = resolve(kAll);

  EXPECT_EQ(f.address_text, "10.9.9.9");
  EXPECT_EQ(f.client_port, 4711);
  EXPECT_EQ(f.scheme, "http");
  EXPECT_EQ(f.host, "a.example");
  EXPECT_EQ(f.port, "8080");
}

TEST_F(TrustTest, EnableRealIpTakesTheAddressAndNothingElse) {
  settings->enable_real_ip = true;
  const Forwarded& f = resolve(kAll);

  EXPECT_EQ(f.address_text, "1.2.3.4");
  EXPECT_EQ(f.scheme, "http");
  EXPECT_EQ(f.host, "a.example");
  EXPECT_EQ(f.port, "8080");
}

TEST_F(TrustTest, UseForwardedHeadersTakesSchemeHostAndPortFromAnyPeer) {
  settings->use_forwarded_headers = true;
  settings->proxy_real_ip_cidr = {*base::parse_cidr("192.0.2.0/24")};
  const Forwarded& f = resolve(kAll);

  EXPECT_EQ(f.address_text, "10.9.9.9") << "the peer is not trusted for the address";
  EXPECT_EQ(f.scheme, "https");
  EXPECT_EQ(f.host, "f.example");
  EXPECT_EQ(f.port, "99");
}

TEST_F(TrustTest, TheFirstUntrustedAddressFromTheRightIsTheClient) {
  settings->enable_real_ip = true;
  settings->proxy_real_ip_cidr = {*base::parse_cidr("10.0.0.0/8"), *base::parse_cidr("5.6.7.8")};

  EXPECT_EQ(resolve("X-Forwarded-For: 9.9.9.9, 1.2.3.4, 5.6.7.8\r\n").address_text, "1.2.3.4");
  EXPECT_EQ(resolve("X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n").address_text, "1.2.3.4");
  EXPECT_EQ(resolve("X-Forwarded-For: 1.2.3.4:80\r\n").address_text, "1.2.3.4");
  EXPECT_EQ(resolve("X-Forwarded-For: [fd00::1]:80\r\n").address_text, "fd00::1");
  EXPECT_EQ(resolve("X-Forwarded-For: 1.2.3.4, junk, 5.6.7.8\r\n").address_text, "5.6.7.8") << "the walk stops";
  EXPECT_EQ(resolve("X-Forwarded-For: unix:\r\n").address_text, "10.9.9.9");
  EXPECT_EQ(resolve("X-Forwarded-For:\r\n").address_text, "10.9.9.9");
}

TEST_F(TrustTest, TheNameOfTheHeaderIsASetting) {
  settings->enable_real_ip = true;
  settings->forwarded_for_header = "CF-Connecting-IP";

  EXPECT_EQ(resolve("X-Forwarded-For: 1.2.3.4\r\nCf-Connecting-Ip: 7.7.7.7\r\n").address_text, "7.7.7.7");
}

TEST_F(TrustTest, AnIpv6PeerIsNotTrustedByDefault) {
  settings->enable_real_ip = true;
  peer("fd00::9", 1);

  EXPECT_EQ(resolve(kAll).address_text, "fd00::9");
}

TEST_F(TrustTest, UseProxyProtocolTakesTheSourceAndTheDestinationPort) {
  settings->use_proxy_protocol = true;
  proxied("203.0.113.7", "198.51.100.1", 443);
  const Forwarded& f = resolve(kAll);

  EXPECT_EQ(f.address_text, "203.0.113.7");
  EXPECT_EQ(f.client_port, 1234);
  EXPECT_EQ(f.scheme, "https") << "the load balancer was asked on 443";
  EXPECT_EQ(f.port, "443");
  EXPECT_EQ(f.host, "a.example");
  EXPECT_EQ(full(), "203.0.113.7");
}

TEST_F(TrustTest, AnotherDestinationPortKeepsTheSchemeOfTheConnection) {
  settings->use_proxy_protocol = true;
  proxied("203.0.113.7", "198.51.100.1", 81);

  EXPECT_EQ(resolve().scheme, "http");
  EXPECT_EQ(request.forwarded.port, "81");
  connection.https = true;
  EXPECT_EQ(resolve().scheme, "https");
}

TEST_F(TrustTest, APeerOutsideTheTrustedRangesCannotNameAClientByProxyProtocol) {
  settings->use_proxy_protocol = true;
  settings->proxy_real_ip_cidr = {*base::parse_cidr("192.0.2.0/24")};
  proxied("203.0.113.7", "198.51.100.1", 80);

  EXPECT_EQ(resolve().address_text, "10.9.9.9");
  EXPECT_EQ(request.forwarded.client_port, 4711);
  EXPECT_EQ(full(), "10.9.9.9");
}

TEST_F(TrustTest, WithProxyProtocolTheHeaderIsBelievedOnlyBehindATrustedSource) {
  settings->use_proxy_protocol = settings->use_forwarded_headers = true;
  proxied("203.0.113.7", "198.51.100.1", 80);

  EXPECT_EQ(resolve(kAll).address_text, "1.2.3.4");
  settings->proxy_real_ip_cidr = {*base::parse_cidr("10.0.0.0/8")};
  EXPECT_EQ(resolve(kAll).address_text, "203.0.113.7");
  EXPECT_EQ(request.forwarded.scheme, "https");
  EXPECT_EQ(request.forwarded.port, "99");
}

TEST_F(TrustTest, EnableRealIpIsNothingBesideProxyProtocol) {
  settings->use_proxy_protocol = settings->enable_real_ip = true;
  proxied("203.0.113.7", "198.51.100.1", 80);

  EXPECT_EQ(resolve(kAll).address_text, "203.0.113.7");
}

TEST_F(TrustTest, AHealthCheckWithoutAddressesIsTheConnectionsOwn) {
  settings->use_proxy_protocol = true;

  EXPECT_EQ(resolve(kAll).address_text, "10.9.9.9");
  EXPECT_EQ(request.forwarded.port, "8080");
}

TEST_F(TrustTest, TheHttpsPortShowsAs443) {
  settings->use_forwarded_headers = true;
  EXPECT_EQ(resolve("X-Forwarded-Port: 8443\r\n").port, "443");
  settings->use_forwarded_headers = false;
  settings->use_proxy_protocol = true;
  proxied("203.0.113.7", "198.51.100.1", 8443);
  EXPECT_EQ(resolve().port, "443");
  EXPECT_EQ(request.forwarded.scheme, "http");
}

}  // namespace
}  // namespace weir::proxy::test
