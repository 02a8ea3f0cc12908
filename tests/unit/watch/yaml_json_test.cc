#include "watch/yaml_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::watch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<JsonDocument> documents(std::string_view text) {
  auto result = yaml_to_json_documents(text);
  EXPECT_TRUE(result.has_value());
  return result.has_value() ? result.value() : std::vector<JsonDocument>();
}

std::string json(std::string_view text) {
  const auto all = documents(text);
  EXPECT_EQ(all.size(), 1u) << text;
  if (all.size() != 1) return {};
  EXPECT_EQ(all[0].error, "");
  return all[0].json;
}

std::string error(std::string_view text) {
  const auto all = documents(text);
  EXPECT_EQ(all.size(), 1u) << text;
  return all.empty() ? std::string() : all[0].error;
}

TEST(YamlJson, TypesPlainScalarsAndKeepsQuotedOnesAsText) {
  EXPECT_EQ(json("a: 1\nb: '1'\nc: \"yes\"\nd: yes\ne:\nf: ''\ng: !!str 5\nh: !!int 5\n"),
            R"({"a":1,"b":"1","c":"yes","d":true,"e":null,"f":"","g":"5","h":5})");
}

TEST(YamlJson, ReadsBlockAndFlowCollections) {
  EXPECT_EQ(json("a:\n- 1\n- {x: y2, z: [1, 2]}\n- - nested\nb: []\nc: {}\n"),
            R"({"a":[1,{"x":"y2","z":[1,2]},["nested"]],"b":[],"c":{}})");
  EXPECT_EQ(json("{\n\t\"a\": \"b\\/c\\u00e4\",\"d\":[1,\n\t2]\n}"), "{\"a\":\"b/c\xc3\xa4\",\"d\":[1,2]}");
}

TEST(YamlJson, ReadsBlockScalars) {
  EXPECT_EQ(json("a: |\n  one\n  two\nb: >-\n  folded\n  text\n"), R"({"a":"one\u000atwo\u000a","b":"folded text"})");
}

TEST(YamlJson, KeysBecomeText) {
  EXPECT_EQ(json("1: a\non: b\n'x y': c\n1.5: d\n"), R"({"1":"a","true":"b","x y":"c","1.5":"d"})");
  EXPECT_THAT(error("? [a]\n: b\n"), HasSubstr("cannot be a key"));
  EXPECT_THAT(error("? {a: b}\n: c\n"), HasSubstr("cannot be a key"));
  EXPECT_THAT(error("~: b\n"), HasSubstr("a key is empty"));
}

TEST(YamlJson, DocumentsKeepTheirLines) {
  const auto all = documents("# head\n---\n\na: 1\n---\n---\n# only a comment\n--- # note\nb: 2\n---\n{c: 3}\n");

  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].json, R"({"a":1})");
  EXPECT_EQ(all[0].line, 4);
  EXPECT_EQ(all[1].json, R"({"b":2})");
  EXPECT_EQ(all[1].line, 9);
  EXPECT_EQ(all[2].json, R"({"c":3})");
  EXPECT_EQ(all[2].line, 11);
}

TEST(YamlJson, ItemsOfAListKeepTheirLines) {
  const auto all = documents("---\nkind: List\nitems:\n- a: 1\n  items:\n  - x\n\n- b: 2\n- c: 3\nlast: 1\n");

  ASSERT_EQ(all.size(), 1u);
  EXPECT_THAT(all[0].item_lines, ElementsAre(4, 8, 9));
}

TEST(YamlJson, ReadsCrLfByteOrderMarkDirectivesAndDocumentEnds) {
  EXPECT_EQ(json("\xef\xbb\xbf"
                 "a: 1\r\nb: x\r\n"),
            R"({"a":1,"b":"x"})");
  EXPECT_EQ(json("%YAML 1.2\n---\na: 1\n...\n"), R"({"a":1})");
  EXPECT_EQ(documents("a: 1\n...\nb: 2\n").size(), 2u);
  EXPECT_EQ(documents("---\r\na: 1\r\n---\r\nb: 2\r\n").size(), 2u);
}

TEST(YamlJson, TextsWithoutContentHaveNoDocuments) {
  for (auto text : {"", "\n\n", "# nothing\n", "---\n", "---\n---\n", "--- ~\n", "   "}) {
    EXPECT_THAT(documents(text), IsEmpty()) << text;
  }
}

TEST(YamlJson, ABrokenDocumentDoesNotHideTheOthers) {
  const auto all = documents("a: 1\n---\nb: [1\n---\nc: 3\n");

  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].json, R"({"a":1})");
  EXPECT_THAT(all[1].error, HasSubstr("not YAML: "));
  EXPECT_GE(all[1].line, 3);
  EXPECT_EQ(all[2].json, R"({"c":3})");
}

TEST(YamlJson, SyntaxErrorsNameTheirLine) {
  const auto all = documents("---\na: 1\nb: 'x' y\n");

  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].line, 3);
}

TEST(YamlJson, TextAfterTheDocumentIsAnError) {
  EXPECT_THAT(error("- a\nb: c\n"), HasSubstr("not YAML"));
}

TEST(YamlJson, AliasesRepeatTheirAnchor) {
  EXPECT_EQ(json("a: &x {k: [1, &y two]}\nb: *x\nc: *y\n*y : d\n"),
            R"({"a":{"k":[1,"two"]},"b":{"k":[1,"two"]},"c":"two","two":"d"})");
  EXPECT_THAT(error("a: *nowhere\n"), HasSubstr("not YAML"));
}

TEST(YamlJson, AnchorsEndWithTheirDocument) {
  const auto all = documents("a: &x 1\n---\nb: *x\n");

  ASSERT_EQ(all.size(), 2u);
  EXPECT_NE(all[1].error, "");
}

TEST(YamlJson, MergedMembersGiveWayToOwnOnes) {
  EXPECT_EQ(json("base: &b {x: 1, y2: 2}\nuse:\n  x: 3\n  <<: *b\n"),
            R"({"base":{"x":1,"y2":2},"use":{"x":1,"y2":2,"x":3}})");
  EXPECT_EQ(json("<<: [{a: 1}, {a: 2, b: 2}]\nc: 3\n"), R"({"a":2,"b":2,"a":1,"c":3})") << "the last one counts";
  EXPECT_EQ(json("<<: {}\na: 1\n"), R"({"a":1})");
  EXPECT_EQ(json("'<<': text\n"), R"({"<<":"text"})");
  EXPECT_THAT(error("<<: 5\n"), HasSubstr("the value of << is no map"));
  EXPECT_THAT(error("<<: [5]\n"), HasSubstr("the value of << is no map"));
}

TEST(YamlJson, SelfReferencesAreRefused) {
  EXPECT_THAT(error("a: &x [*x]\n"), HasSubstr("inside the node it refers to"));
  EXPECT_THAT(error("&x a: &y {b: *y}\n"), HasSubstr("inside the node it refers to"));
}

TEST(YamlJson, BillionLaughsEndEarly) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
    for (int k = 0; k < 9; ++k) text += ", " + alias;
    text += "]\n";
  }

  EXPECT_THAT(error(text), HasSubstr("more than"));
}

TEST(YamlJson, DeepNestingIsRefused) {
  EXPECT_NE(error(std::string(100000, '[')), "");
  std::string nested;
  for (int i = 0; i < 200; ++i) nested += "[";
  for (int i = 0; i < 200; ++i) nested += "]";
  EXPECT_THAT(error(nested), HasSubstr("nested too deeply"));
}

TEST(YamlJson, UnusableBytesAreRefusedWithTheirLine) {
  using namespace std::string_view_literals;
  for (auto text : {"a: 1\nb: \x04\n"sv, "a: 1\nb: \0\n"sv, "a: 1\nb: \xff\n"sv, "a: 1\nb: \xc0\xaf\n"sv,
                    "a: 1\nb: \xed\xa0\x80\n"sv, "a: 1\nb: \xf4\x90\x80\x80\n"sv, "a: 1\nb: \xe2\x82"sv}) {
    const auto result = yaml_to_json_documents(text);
    ASSERT_TRUE(result.has_error());
    EXPECT_EQ(result.error().code(), 2);
  }
  EXPECT_EQ(json("a: \xf0\x9f\x98\x80\n"), "{\"a\":\"\xf0\x9f\x98\x80\"}");
}

TEST(YamlJson, UnknownTagsAndInfinitiesAreRefused) {
  EXPECT_THAT(error("a: !!binary aGk=\n"), HasSubstr("tags other than"));
  EXPECT_THAT(error("a: !custom x\n"), HasSubstr("tags other than"));
  EXPECT_THAT(error("a: !custom {}\n"), HasSubstr("tags of maps"));
  EXPECT_THAT(error("a: !!int x\n"), HasSubstr("does not fit its tag"));
  EXPECT_THAT(error("a: .inf\n"), HasSubstr("quote it"));
}

}  // namespace
}  // namespace weir::watch
