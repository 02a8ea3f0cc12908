#include "weir/base/ascii.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::base {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Ascii, LowerCaseLeavesOtherBytesAlone) {
  EXPECT_EQ(to_lower(std::string_view("AbZ[`\xC3\x84")), "abz[`\xC3\x84");
  EXPECT_TRUE(iequals("Host", "hOST"));
  EXPECT_FALSE(iequals("Host", "Hosts"));
  EXPECT_FALSE(iequals("[", "{"));
}

TEST(Ascii, TrimRemovesBlanksAtBothEndsOnly) {
  EXPECT_EQ(trim(" \t\r\na b\n "), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Ascii, SplitListTrimsItemsAndDropsEmptyOnes) {
  EXPECT_THAT(split_list(" a, b ,,c,"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split_list(", ,"), IsEmpty());
  EXPECT_THAT(split_list(""), IsEmpty());
  EXPECT_THAT(split_list("a;b", ';'), ElementsAre("a", "b"));
  EXPECT_EQ(join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join({}, ","), "");
}

TEST(Ascii, BooleansAreExactlyTheTwelveWords) {
  for (auto yes : {"1", "t", "T", "TRUE", "true", "True"}) EXPECT_EQ(parse_bool(yes), true) << yes;
  for (auto no : {"0", "f", "F", "FALSE", "false", "False"}) EXPECT_EQ(parse_bool(no), false) << no;
  for (auto bad : {"", "yes", "on", "tRUE", " true", "true\n", "2"}) EXPECT_EQ(parse_bool(bad), std::nullopt) << bad;
}

TEST(Ascii, IntegersTakeASignAndDetectOverflow) {
  EXPECT_EQ(parse_int("42"), 42);
  EXPECT_EQ(parse_int("+7"), 7);
  EXPECT_EQ(parse_int("-7"), -7);
  EXPECT_EQ(parse_int("007"), 7);
  EXPECT_EQ(parse_int("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_int("-9223372036854775808"), INT64_MIN);
  for (auto bad : {"", "+", "-", "+-1", "++1", "1.0", " 1", "1 ", "0x10", "9223372036854775808"}) {
    EXPECT_EQ(parse_int(bad), std::nullopt) << bad;
  }
}

TEST(Ascii, NearestFindsTypingMistakesAndNothingElse) {
  const std::vector<std::string_view> names = {"ssl-redirect", "force-ssl-redirect", "app-root", "rewrite-target"};

  EXPECT_EQ(nearest("ssl-redirct", names), "ssl-redirect");
  EXPECT_EQ(nearest("ssl-rediretc", names), "ssl-redirect");
  EXPECT_EQ(nearest("rewrite_target", names), "rewrite-target");
  EXPECT_EQ(nearest("completely-other", names), "");
  EXPECT_EQ(nearest("ap", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest("app", {"a"}), "") << "two of three letters differ";
}

}  // namespace
}  // namespace weir::base
