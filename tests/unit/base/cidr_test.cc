#include "weir/base/cidr.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::base {
namespace {

std::string ip(std::string_view text) {
  const auto address = parse_ip(text);
  return address ? address->to_string() : "none";
}

std::string cidr(std::string_view text) {
  const auto range = parse_cidr(text);
  return range ? range->to_string() : "none";
}

bool contains(std::string_view range, std::string_view address) {
  return parse_cidr(range).value().contains(parse_ip(address).value());
}

TEST(IpAddress, ReadsBothFamilies) {
  EXPECT_EQ(ip("1.2.3.4"), "1.2.3.4");
  EXPECT_EQ(ip("::1"), "::1");
  EXPECT_EQ(ip("[2001:DB8::0:1]"), "2001:db8::1");
  EXPECT_EQ(ip("::ffff:1.2.3.4"), "1.2.3.4") << "one form for both spellings";
}

TEST(IpAddress, RefusesPortsZonesAndOddSpellings) {
  using namespace std::string_view_literals;
  for (auto bad : {""sv, "1.2.3"sv, "1.2.3.4:80"sv, "01.2.3.4"sv, "1.2.3.256"sv, "fe80::1%eth0"sv, "[1.2.3.4]"sv,
                   "[::1"sv, "::1]"sv, "1.2.3.4\0"sv, "1.2.3.4 "sv, "localhost"sv, "[]"sv}) {
    EXPECT_EQ(ip(bad), "none") << bad;
  }
  EXPECT_EQ(ip(std::string(5000, '1')), "none");
}

TEST(IpAddress, KnowsLoopbackAndLinkLocal) {
  EXPECT_TRUE(parse_ip("127.9.9.9")->is_loopback());
  EXPECT_TRUE(parse_ip("::1")->is_loopback());
  EXPECT_FALSE(parse_ip("::2")->is_loopback());
  EXPECT_FALSE(parse_ip("128.0.0.1")->is_loopback());
  EXPECT_TRUE(parse_ip("169.254.169.254")->is_link_local());
  EXPECT_TRUE(parse_ip("febf::1")->is_link_local());
  EXPECT_FALSE(parse_ip("fec0::1")->is_link_local());
  EXPECT_FALSE(parse_ip("169.255.0.1")->is_link_local());
}

TEST(Cidr, ClearsHostBits) {
  EXPECT_EQ(cidr("10.1.2.3/8"), "10.0.0.0/8");
  EXPECT_EQ(cidr("10.1.2.3/15"), "10.0.0.0/15");
  EXPECT_EQ(cidr("10.1.2.3"), "10.1.2.3/32");
  EXPECT_EQ(cidr("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(cidr("2001:db8:1::/33"), "2001:db8::/33");
  EXPECT_EQ(cidr("::/0"), "::/0");
  EXPECT_EQ(cidr("::1"), "::1/128");
}

TEST(Cidr, RefusesWhatIsNeither) {
  for (auto bad : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "::/129", "a/8",
                   "10.0.0.0/0008", " 10.0.0.0/8"}) {
    EXPECT_EQ(cidr(bad), "none") << bad;
  }
}

TEST(Cidr, ContainsAddressesOfTheRange) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(contains("0.0.0.0/0", "8.8.8.8"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(Cidr, FamiliesDoNotMix) {
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(contains("::/0", "8.8.8.8"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
}

}  // namespace
}  // namespace weir::base
