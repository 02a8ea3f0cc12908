#include "route/client_blocks.h"

#include <gtest/gtest.h>

namespace weir::route {
namespace {

bool blocks(const std::vector<std::string>& items, std::string_view value) {
  PatternCache patterns;
  Matcher matcher;
  const BlockList list(items, patterns);
  EXPECT_EQ(list.problem(), "");
  return list.contains(value, matcher);
}

TEST(BlockList, TextsAreWholeValuesInAnyCase) {
  EXPECT_TRUE(blocks({"BadBot/1.0", "x"}, "badbot/1.0"));
  EXPECT_FALSE(blocks({"BadBot/1.0"}, "BadBot/1.0 extra"));
  EXPECT_FALSE(blocks({"BadBot/1.0"}, ""));
}

TEST(BlockList, ATildeMakesAnExpressionThatKeepsCaseApart) {
  EXPECT_TRUE(blocks({"~Bad(Bot|Crawler)"}, "a BadCrawler b"));
  EXPECT_FALSE(blocks({"~Bad(Bot|Crawler)"}, "a badcrawler b"));
  EXPECT_TRUE(blocks({"~*bad(bot|crawler)"}, "a BADCRAWLER b"));
  EXPECT_FALSE(blocks({"~^Bad"}, "a Bad"));
}

TEST(BlockList, AnExpressionThatDoesNotCompileIsNamed) {
  PatternCache patterns;
  EXPECT_NE(BlockList({"ok", "~[a", "~(b"}, patterns).problem().find("~[a"), std::string::npos);
  EXPECT_NE(BlockList({"~*"}, patterns).problem(), "");
  EXPECT_TRUE(BlockList({}, patterns).empty());
}

TEST(BlockList, AnExpressionThatGivesUpBlocks) {
  EXPECT_TRUE(blocks({"~(a+)+$"}, std::string(5000, 'a') + "b"));
}

}  // namespace
}  // namespace weir::route
