#include "weir/base/cidr_set.h"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

CidrSet set_of(std::string_view list) {
  const ParsedCidrSet parsed = parse_cidr_set(list);
  EXPECT_EQ(parsed.bad, "") << list;
  return parsed.set;
}

bool holds(std::string_view list, std::string_view address) {
  return set_of(list).contains(*parse_ip(address));
}

TEST(CidrSet, HoldsBothEndsOfARangeAndNothingBeside) {
  EXPECT_TRUE(holds("10.0.0.0/30", "10.0.0.0"));
  EXPECT_TRUE(holds("10.0.0.0/30", "10.0.0.3"));
  EXPECT_FALSE(holds("10.0.0.0/30", "10.0.0.4"));
  EXPECT_FALSE(holds("10.0.0.0/30", "9.255.255.255"));
  EXPECT_TRUE(holds("10.0.0.7", "10.0.0.7"));
  EXPECT_TRUE(holds("fd00::/8", "fdff::1"));
  EXPECT_FALSE(holds("fd00::/8", "fe00::"));
}

TEST(CidrSet, RangesInsideOthersChangeNothing) {
  const std::string list = "10.1.0.0/16, 10.0.0.0/8, 10.1.2.3, 11.0.0.1, 10.255.0.0/16";

  EXPECT_TRUE(holds(list, "10.1.2.3"));
  EXPECT_TRUE(holds(list, "10.200.0.1"));
  EXPECT_TRUE(holds(list, "11.0.0.1"));
  EXPECT_FALSE(holds(list, "11.0.0.0"));
}

TEST(CidrSet, TheFamiliesAreKeptApart) {
  EXPECT_FALSE(holds("::/0", "10.0.0.1"));
  EXPECT_TRUE(holds("::/0", "fd00::1"));
  EXPECT_FALSE(holds("0.0.0.0/0", "::1"));
  EXPECT_TRUE(holds("0.0.0.0/0", "::ffff:10.0.0.1"));
}

TEST(CidrSet, AgreesWithTheLinearSearch) {
  const CidrSet set =
      set_of("10.0.0.0/9,10.128.0.0/10,172.16.0.0/12,172.16.5.0/24,192.168.1.1,fd00::/8,fd00::1,2001:db8::/32");
  for (std::uint32_t i = 0; i < 20000; ++i) {
    IpAddress address = *parse_ip(i % 2 ? "10.0.0.0" : "fd00::");
    const std::uint32_t bits = i * 2654435761u;
    if (i % 2) {
      address.bytes[12] = static_cast<std::uint8_t>(i % 4 == 1 ? 10 : 172);
      address.bytes[13] = static_cast<std::uint8_t>(bits >> 24);
    } else {
      address.bytes[0] = static_cast<std::uint8_t>(bits >> 24);
      address.bytes[15] = static_cast<std::uint8_t>(bits);
    }
    bool expected = false;
    for (const Cidr& cidr : set.items()) expected = expected || cidr.contains(address);
    ASSERT_EQ(set.contains(address), expected) << address.to_string();
  }
}

TEST(CidrSet, EqualListsAreEqualHoweverTheyAreWritten) {
  EXPECT_EQ(set_of("10.0.0.1,  10.0.0.0/8,10.0.0.1/32"), set_of("10.9.9.9/8,10.0.0.1"));
  EXPECT_EQ(set_of("10.0.0.1,::1").to_string(), "::1/128,10.0.0.1/32");
}

TEST(CidrSet, TheFirstItemThatIsNoAddressIsNamed) {
  EXPECT_EQ(parse_cidr_set("10.0.0.1, x.example, y").bad, "x.example");
  EXPECT_EQ(parse_cidr_set("10.0.0.1, x.example").set, set_of("10.0.0.1"));
  EXPECT_TRUE(parse_cidr_set(" , ").set.empty());
  EXPECT_EQ(parse_cidr_set("10.0.0.0/33").bad, "10.0.0.0/33");
}

}  // namespace
}  // namespace weir::base
