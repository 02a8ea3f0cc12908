#include "unit/route/fixture.h"

namespace weir::route::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> reasons(Router& router, std::string_view path) {
  std::vector<std::string> texts;
  for (const Candidate& candidate : explain_location(router.lookup(), router.host("a.example"), path)) {
    texts.push_back((candidate.wins ? "WINS " : "") + candidate.location->path + ": " + candidate.reason);
  }
  return texts;
}

TEST(Explain, LongestPrefixWinsAndShorterOnesSayWhy) {
  Router router({host("a.example", {prefix("/a"), prefix("/a/b"), prefix("/other"), prefix("/")})});

  EXPECT_THAT(reasons(router, "/a/b/c"),
              ElementsAre("/other: does not match: exact \"/other\", prefix \"/other/\"",
                          "WINS /a/b: longest prefix that matches: \"/a/b/\"",
                          "/a: prefix \"/a/\" is shorter than \"/a/b/\"", "/: prefix \"/\" is shorter than \"/a/b/\""));
}

TEST(Explain, ExactMatchGoesFirst) {
  Router router({host("a.example", {exact("/a/b"), prefix("/a")})});

  EXPECT_THAT(reasons(router, "/a/b"),
              ElementsAre("WINS /a/b: exact match", "/a: prefix \"/a/\" matches, but an exact match goes first",
                          "/: prefix \"/\" matches, but an exact match goes first"));
}

TEST(Explain, SlashRedirectIsNamed) {
  Router router({host("a.example", {prefix("/a/")})});

  EXPECT_THAT(reasons(router, "/a")[0], HasSubstr("WINS /a/: 301 to \"/a/\""));
}

TEST(Explain, RegexesAreTriedInOrder) {
  Router router({host("a.example", {regex("/foo/[a-z]+"), regex("/foo/b"), regex("/z.")})});

  EXPECT_THAT(reasons(router, "/foo/bar"),
              ElementsAre("WINS /foo/[a-z]+: regex ^/foo/[a-z]+ is the first that matches",
                          "/foo/b: regex ^/foo/b matches too, but comes after ^/foo/[a-z]+",
                          "/z.: regex ^/z. did not match", "/: regex ^/ matches too, but comes after ^/foo/[a-z]+"));
}

TEST(Explain, GivenUpExpressionIsNamed) {
  Router router({host("a.example", {regex("/(a+)+$")})});

  EXPECT_THAT(reasons(router, "/" + std::string(31, 'a') + "!")[0], HasSubstr("gave up"));
}

TEST(Explain, WinnerIsAlwaysTheLocationOfTheLookup) {
  Router router({host("a.example", {prefix("/p/"), prefix("/p"), exact("/p/"), prefix("/p/q")})});
  for (const char* path : {"/p", "/p/", "/p/q", "/p/x", "/", "*", ""}) {
    int winners = 0;
    for (const Candidate& candidate : explain_location(router.lookup(), router.host("a.example"), path)) {
      if (!candidate.wins) continue;
      ++winners;
      EXPECT_EQ(candidate.location, router.match("a.example", path).location) << path;
    }
    EXPECT_EQ(winners, 1) << path;
  }
}

}  // namespace
}  // namespace weir::route::test
