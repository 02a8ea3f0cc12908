#include "weir/net/address.h"

#include <gtest/gtest.h>

namespace weir::net {
namespace {

TEST(Address, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(Address::parse("10.1.2.3", 80)->text(), "10.1.2.3:80");
  EXPECT_EQ(Address::parse("::1", 8443)->text(), "[::1]:8443");
  EXPECT_EQ(Address::parse("[2001:db8::1]", 1)->ip(), "2001:db8::1");
}

TEST(Address, MappedV4IsWrittenAsV4) {
  EXPECT_EQ(Address::parse("::ffff:10.1.2.3", 80)->text(), "10.1.2.3:80");
}

TEST(Address, RefusesNamesAndNonsense) {
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "::g", "[::1", "fe80::1%no-such-interface"})
    EXPECT_FALSE(Address::parse(text, 80)) << text;
  EXPECT_EQ(Address::parse("web", 80).error().text(), "address \"web\" is neither IPv4 nor IPv6");
}

TEST(Address, UnknownIsEmptyText) {
  EXPECT_EQ(Address{}.text(), "");
  EXPECT_EQ(Address{}.port(), 0);
}

}  // namespace
}  // namespace weir::net
