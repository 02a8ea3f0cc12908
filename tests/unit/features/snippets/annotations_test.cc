#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

const char* const kSnippets[] = {"configuration-snippet", "server-snippet", "stream-snippet", "modsecurity-snippet"};

TEST(SnippetAnnotations, AreRefusedByTheRiskGate) {
  for (const char* key : kSnippets) EXPECT_TRUE(read({{key, "x;"}}).refused) << key;
}

TEST(SnippetAnnotations, WhileSnippetsAreOffTheirTextIsEmptiedAndCheckRefuses) {
  const Settings from = settings({{"annotations-risk-level", "Critical"}});

  for (const char* key : kSnippets) {
    const ReadResult result = read({{key, "x;"}}, from);

    EXPECT_FALSE(result.refused) << key;
    EXPECT_EQ(result.policies, from.defaults) << key;
    EXPECT_EQ(lines(result), std::string("error annotation-snippet ") + key + "\n");
  }
}

TEST(SnippetAnnotations, AreNeverIgnoredWhereTheGatesAreOpen) {
  const Settings from = settings({{"annotations-risk-level", "Critical"}, {"allow-snippet-annotations", "true"}});

  for (const char* key : kSnippets) {
    EXPECT_EQ(outcome({{key, "x;"}}, from), std::string("503 ") + key + "-refused");
    EXPECT_EQ(outcome({{key, " "}}, from), std::string("warning annotation-empty ") + key + "\n");
  }
  EXPECT_EQ(outcome({{"auth-snippet", "x;"}}, from), "ok");
  EXPECT_EQ(outcome({{"auth-snippet", "x;"}, {"auth-url", "http://a/"}}, from), "503 auth-snippet-refused");
}

TEST(SnippetAnnotations, OneOpenGateIsNotEnough) {
  EXPECT_TRUE(read({{"server-snippet", "x;"}}, settings({{"allow-snippet-annotations", "true"}})).refused);
}

TEST(SnippetAnnotations, AnyPrefixCountsForTheCheck) {
  const std::map<std::string, std::string> annotations = {{"example.com/some-snippet", "x"}};

  const ReadResult off = read_annotations(annotations, testing::kIngress, settings(), {});
  const ReadResult on =
      read_annotations(annotations, testing::kIngress, settings({{"allow-snippet-annotations", "true"}}), {});

  EXPECT_EQ(lines(off), "error annotation-snippet example.com/some-snippet\n");
  EXPECT_TRUE(on.diagnostics.empty());
}

}  // namespace
}  // namespace weir::features
