#include "watch/json_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::watch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(JsonStream, FindsDocumentsAndTheirLines) {
  const auto all = split_json("\n{\"a\": \"}{\\\"\"}\n\n{\"b\":\n[1]}{\"c\":3}");

  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].json, "{\"a\": \"}{\\\"\"}");
  EXPECT_EQ(all[0].line, 2);
  EXPECT_EQ(all[1].json, "{\"b\":\n[1]}");
  EXPECT_EQ(all[1].line, 4);
  EXPECT_EQ(all[2].json, "{\"c\":3}");
  EXPECT_EQ(all[2].line, 5);
}

TEST(JsonStream, NotesWhereItemsStart) {
  const auto all =
      split_json("{\"kind\":\"List\",\n\"items\":[\n{\"items\":[1,\n2]},\n{\"x\":1},7\n],\n\"other\":[1,\n2]}");

  ASSERT_EQ(all.size(), 1u);
  EXPECT_THAT(all[0].item_lines, ElementsAre(3, 5, 5));
  EXPECT_THAT(split_json("{\"items\":[]}")[0].item_lines, IsEmpty());
}

TEST(JsonStream, IncompleteAndOddTextsEndSomewhere) {
  EXPECT_THAT(split_json(""), IsEmpty());
  EXPECT_THAT(split_json(" \n"), IsEmpty());
  EXPECT_EQ(split_json("{\"a\":")[0].json, "{\"a\":");
  EXPECT_EQ(split_json("{\"a")[0].json, "{\"a");
  EXPECT_EQ(split_json("{\"a\\")[0].json, "{\"a\\");
  EXPECT_EQ(split_json("\"text\"")[0].json, "\"text\"");
  EXPECT_EQ(split_json("}}}}").size(), 1u);
  EXPECT_EQ(split_json("true {}").size(), 1u);
  EXPECT_EQ(split_json("{} x {}").size(), 2u);
  EXPECT_EQ(split_json("\xef\xbb\xbf{}")[0].json, "{}");
}

}  // namespace
}  // namespace weir::watch
