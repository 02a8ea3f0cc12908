#include "route/path_pattern.h"

#include <gtest/gtest.h>

namespace weir::route {
namespace {

std::string prefix_of(std::string_view pattern) {
  const LiteralPrefix prefix = literal_prefix(pattern);
  return prefix.text + (prefix.whole ? " (whole)" : "");
}

TEST(LiteralPrefix, EndsAtTheFirstSpecialCharacter) {
  EXPECT_EQ(prefix_of("/Plain-path_1~%20"), "/plain-path_1~%20 (whole)");
  EXPECT_EQ(prefix_of("/api/users(/|$)(.*)"), "/api/users");
  EXPECT_EQ(prefix_of("/v[0-9]+"), "/v");
  EXPECT_EQ(prefix_of("/a\\.b"), "/a");
  EXPECT_EQ(prefix_of("/a.b"), "/a");
  EXPECT_EQ(prefix_of(""), " (whole)");
}

TEST(LiteralPrefix, QuantifierTakesTheLastCharacterBack) {
  EXPECT_EQ(prefix_of("/ab*"), "/a");
  EXPECT_EQ(prefix_of("/ab?c"), "/a");
  EXPECT_EQ(prefix_of("/ab{2}"), "/a");
  EXPECT_EQ(prefix_of("*"), "");
}

TEST(LiteralPrefix, TopLevelAlternativesHaveNone) {
  EXPECT_EQ(prefix_of("/a|/b"), "");
  EXPECT_EQ(prefix_of("/a(b|c)|/d"), "");
  EXPECT_EQ(prefix_of("/a(b|c)"), "/a");
  EXPECT_EQ(prefix_of("/a\\(b|c)"), "");
  EXPECT_EQ(prefix_of("/a[(]b|c"), "") << "in doubt none";
  EXPECT_EQ(prefix_of("/a(\\Q(\\E|b)"), "") << "in doubt none";
}

TEST(PathPattern, MatchesWithoutRegardToCase) {
  Matcher matcher;
  const PathPatternPtr pattern = *PathPattern::compile("^/api/(v[0-9])");

  EXPECT_EQ(matcher.match(*pattern, "/API/V2/x"), Matcher::Result::yes);
  EXPECT_EQ(matcher.capture(1, "/API/V2/x"), "V2");
  EXPECT_EQ(matcher.capture(2, "/API/V2/x"), "");
  EXPECT_EQ(matcher.match(*pattern, "/x"), Matcher::Result::no);
  EXPECT_EQ(matcher.match(*pattern, {}), Matcher::Result::no);
}

TEST(PathPattern, AnyBytesAreASubject) {
  Matcher matcher;
  const PathPatternPtr pattern = *PathPattern::compile("^/(.*)$");
  const std::string subject("/\xff\xfe\0x", 5);

  EXPECT_EQ(matcher.match(*pattern, subject), Matcher::Result::yes);
  EXPECT_EQ(matcher.capture(1, subject).size(), 4u);
}

TEST(PathPattern, ErrorsSayWhatAndWhere) {
  EXPECT_EQ(PathPattern::compile("^/a(").error().text(), "missing closing parenthesis at offset 4");
  EXPECT_FALSE(PathPattern::compile("(*UTF)/x")) << "requests are bytes";
  EXPECT_FALSE(PathPattern::compile(std::string(100'000, 'a')));
}

TEST(PathPattern, HugeRepetitionIsRefusedNotCompiled) {
  EXPECT_FALSE(PathPattern::compile("^/((((a{1,9999}){1,9999}){1,9999}){1,9999})"));
  EXPECT_FALSE(PathPattern::compile(std::string(5'000, '(') + std::string(5'000, ')')));
}

TEST(PatternCache, EqualTextsShareOnePattern) {
  PatternCache cache;
  const PathPatternPtr one = *cache.get("^/a.");

  EXPECT_EQ(one, *cache.get("^/a."));
  EXPECT_NE(one, *cache.get("^/b."));
  EXPECT_FALSE(cache.get("("));
  EXPECT_FALSE(cache.get("("));
}

TEST(Matcher, ManyCapturesOfALongSubjectFitTheStack) {
  Matcher matcher;
  const PathPatternPtr pattern = *PathPattern::compile("^/(?:([a-z])|([0-9]))*$");
  std::string subject = "/";
  for (int i = 0; i < 1000; ++i) subject += "a1";

  EXPECT_EQ(matcher.match(*pattern, subject), Matcher::Result::yes);
  EXPECT_EQ(matcher.gave_up(), 0u);
}

}  // namespace
}  // namespace weir::route
