#include "weir/base/byte_size.h"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

TEST(ByteSize, UnitsArePowersOf1024InAnyCase) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("1000"), 1000u);
  EXPECT_EQ(parse_size("8k"), 8192u);
  EXPECT_EQ(parse_size("8K"), 8192u);
  EXPECT_EQ(parse_size("1m"), 1048576u);
  EXPECT_EQ(parse_size("2G"), 2147483648u);
  EXPECT_EQ(parse_size("007"), 7u);
}

TEST(ByteSize, AnythingElseIsNoSize) {
  for (auto bad : {"", "k", "-1", "+1", "1 k", "1kb", "1.5m", "1t", " 1", "1 ", "0x10", "1\n"}) {
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
    EXPECT_FALSE(is_size_syntax(bad)) << bad;
  }
}

TEST(ByteSize, SuffixBPassesTheSyntaxButIsNoSize) {
  EXPECT_TRUE(is_size_syntax("10b"));
  EXPECT_TRUE(is_size_syntax("10B"));
  EXPECT_EQ(parse_size("10b"), std::nullopt);
}

TEST(ByteSize, OverflowIsDetected) {
  EXPECT_EQ(parse_size("9223372036854775807"), 9223372036854775807u);
  EXPECT_EQ(parse_size("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_size("8589934591g"), 8589934591u << 30);
  EXPECT_EQ(parse_size("8589934592g"), std::nullopt);
  EXPECT_TRUE(is_size_syntax("9999999999999g"));
  EXPECT_EQ(parse_size("9999999999999g"), std::nullopt);
  EXPECT_EQ(parse_size("99999999999999999999999999999999"), std::nullopt);
}

TEST(ByteSize, TextReadsBack) {
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(1000), "1000");
  EXPECT_EQ(size_text(8192), "8k");
  EXPECT_EQ(size_text(1536 * 1024), "1536k");
  EXPECT_EQ(size_text(1u << 30), "1g");
}

}  // namespace
}  // namespace weir::base
