// Regex mode and rewriting: spec 2.5.
#include "unit/route/fixture.h"

#include <chrono>

namespace weir::route::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(RegexMode, ExactAndPrefixLoseTheirMeaning) {
  Router router({host("a.example", {exact("/foo"), regex("/x[0-9]+")})});

  EXPECT_EQ(router.choice("/foo"), "exact /foo");
  EXPECT_EQ(router.choice("/foobar"), "exact /foo");
  EXPECT_EQ(router.choice("/FOO/x"), "exact /foo");
  EXPECT_EQ(router.choice("/x12/y"), "prefix /x[0-9]+");
  EXPECT_EQ(router.choice("/y/x1"), "none") << "anchored at the start";
}

TEST(RegexMode, LengthOfTheTextDecidesTheOrder) {
  Router router({host("a.example", {regex("/foo/bar/bar"), regex("/foo/bar/[a-z]{3}")})});

  EXPECT_EQ(router.choice("/foo/bar/bar"), "prefix /foo/bar/[a-z]{3}");
  EXPECT_EQ(router.choice("/foo/bar/BAR/x"), "prefix /foo/bar/[a-z]{3}");
}

TEST(RegexMode, EqualLengthGoesByDescendingText) {
  Router router({host("a.example", {regex("/a.c"), regex("/abc"), regex("/a?c")})});

  EXPECT_EQ(router.choice("/abc"), "prefix /abc");
  EXPECT_EQ(router.choice("/axc"), "prefix /a.c");
}

TEST(RegexMode, PrefixOfAnotherIngressBecomesAPair) {
  Router router({host("a.example", {prefix("/p"), regex("/z+")})});

  EXPECT_EQ(router.choice("/p"), "prefix /p");
  EXPECT_EQ(router.choice("/p/x"), "prefix /p");
  EXPECT_EQ(router.choice("/pear"), "prefix /p") << "patterns are not anchored at the end";
}

TEST(RegexMode, PairLeavesTheShortFormToAnExactRule) {
  Router router({host("a.example", {prefix("/p", "one"), exact("/p", "two"), regex("/z+")})});

  EXPECT_EQ(router.choice("/p/x"), "prefix /p");
  EXPECT_EQ(router.choice("/p"), "exact /p");
  EXPECT_EQ(router.choice("/pear"), "exact /p");
}

TEST(RegexMode, ExactFirstKeepsInsertionOrder) {
  Router router({host("a.example", {exact("/p", "two"), prefix("/p", "one"), regex("/z+")})});

  EXPECT_EQ(router.choice("/p/x"), "exact /p") << "^/p comes first and matches all";
}

TEST(RegexMode, SpecialCharactersOfOtherIngressesAreLive) {
  Router router({host("a.example", {prefix("/a.b", "plain"), regex("/z+", "other")})});

  EXPECT_EQ(router.choice("/axb"), "prefix /a.b");
}

TEST(RegexMode, RewriteTargetOfOneIngressTurnsTheWholeHost) {
  Router router({host("a.example", {rewritten("/one", "/", "x"), prefix("/two", "y")}),
                 host("b.example", {prefix("/two", "y")})});

  EXPECT_EQ(router.choice("/TWO/x"), "prefix /two");
  EXPECT_EQ(router.choice("/TWO/x", "b.example"), "none");
}

TEST(RegexMode, RewriteTargetEqualToThePathChangesNothing) {
  Router router({host("a.example", {rewritten("/one", "/one")})});

  EXPECT_EQ(router.choice("/ONE"), "none");
  EXPECT_EQ(router.rewrite("/one/x"), "/one/x");
  EXPECT_FALSE(router.match("a.example", "/one").location->rewrites);
}

TEST(RegexMode, TopLevelAlternativeIsNotAnchored) {
  Router router({host("a.example", {regex("/a|/b")})});

  EXPECT_EQ(router.choice("/a"), "prefix /a|/b");
  EXPECT_EQ(router.choice("/x/b"), "prefix /a|/b");
}

TEST(RegexMode, ImplicitRootTakesTheRest) {
  Router router({host("a.example", {regex("/a")})});

  EXPECT_EQ(router.choice("/nothing"), "none");
  EXPECT_EQ(router.choice("*"), "none");
}

TEST(Rewrite, CapturesOfTheLocationsOwnPath) {
  Router router({host("a.example", {rewritten("/something(/|$)(.*)", "/$2")})});

  EXPECT_EQ(router.rewrite("/something"), "/");
  EXPECT_EQ(router.rewrite("/something/"), "/");
  EXPECT_EQ(router.rewrite("/something/new"), "/new");
  EXPECT_EQ(router.rewrite("/SOMETHING/New"), "/New");
}

TEST(Rewrite, ExamplesOfTheSeedManifest) {
  Router router(
      {host("a.example", {rewritten("/api/users(/|$)(.*)", "/$2"), rewritten("/api/orders(/|$)(.*)", "/$2")})});

  EXPECT_EQ(router.rewrite("/api/users/profile"), "/profile");
  EXPECT_EQ(router.rewrite("/api/orders/7/items"), "/7/items");
  EXPECT_EQ(router.choice("/api/usersx"), "none");
}

TEST(Rewrite, TargetWithoutCapturesReplacesTheWholePath) {
  Router router({host("a.example", {rewritten("/users", "/")})});

  EXPECT_EQ(router.rewrite("/users"), "/");
  EXPECT_EQ(router.rewrite("/users/1/2"), "/");
}

TEST(Rewrite, MissingCapturesAreEmpty) {
  Router router({host("a.example", {rewritten("/a(x)?(.*)", "/[$1][$2][$3][$9]"), rewritten("/plain", "/$1/p")})});

  EXPECT_EQ(router.rewrite("/abc"), "/[][bc][][]");
  EXPECT_EQ(router.rewrite("/plain"), "//p");
}

TEST(Rewrite, OnlyOneDigitNamesACapture) {
  Router router({host("a.example", {rewritten("/a/(.*)", "/$10$")})});

  EXPECT_EQ(router.rewrite("/a/b"), "/b0$");
}

TEST(Rewrite, MoreThanNineGroupsAreFine) {
  Router router({host("a.example", {rewritten("/(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)", "/$9$1")})});

  EXPECT_EQ(router.rewrite("/abcdefghijk"), "/ia");
}

TEST(Rewrite, CapturingPatternIsUnanchored) {
  // "^/a(.)|/b(.)" chooses, "/a(.)|/b(.)" captures: the first place where it matches.
  Router router({host("a.example", {rewritten("/a(.)|/b(.)", "/$1$2")})});

  EXPECT_EQ(router.rewrite("/x/b2"), "/2");
}

TEST(Rewrite, ForwardedPrefixUsesTheSameCaptures) {
  model::Location location = rewritten("/app/([a-z]+)(/.*)?", "$2");
  location.policies.rewrite.forwarded_prefix = "/app/$1";
  Router router({host("a.example", {location})});

  const Location& found = *router.match("a.example", "/app/red/x").location;

  EXPECT_EQ(router.filled(found, found.policies.rewrite.forwarded_prefix, "/app/red/x"), "/app/red");
  EXPECT_EQ(router.rewrite("/app/red/x"), "/x");
}

TEST(RegexMode, CatastrophicExpressionIsGivenUpQuickly) {
  Router router({host("a.example", {regex("/(a+)+$")})});
  // Long enough for Weir's limit, too short for PCRE2's own.
  const std::string path = "/" + std::string(21, 'a') + "!";
  const auto start = std::chrono::steady_clock::now();

  EXPECT_EQ(router.choice(path), "none");

  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(200));
  EXPECT_EQ(router.lookup().regex_limit_hits(), 1u);
  EXPECT_EQ(router.choice("/aaa"), "prefix /(a+)+$");
  EXPECT_EQ(router.lookup().regex_limit_hits(), 1u);
}

TEST(RegexMode, PathThatDoesNotCompileDeniesItsIngressOnly) {
  Router router({host("a.example", {regex("/a(", "broken"), regex("/b", "broken"), regex("/c", "fine")}),
                 host("b.example", {prefix("/", "broken")}), host("c.example", {prefix("/", "fine")})});

  EXPECT_EQ(router.match("a.example", "/a(x").location->policies.deny.reason, "path-regex-invalid");
  EXPECT_EQ(router.match("a.example", "/b").location->policies.deny.reason, "path-regex-invalid");
  EXPECT_EQ(router.match("b.example", "/").location->policies.deny.reason, "path-regex-invalid");
  EXPECT_FALSE(router.match("a.example", "/c").location->policies.deny.denied());
  EXPECT_FALSE(router.match("c.example", "/").location->policies.deny.denied());
  ASSERT_THAT(router.codes(), ElementsAre("path-regex-invalid"));
  EXPECT_EQ(to_string(router.diagnostics()[0].object), "Ingress default/broken");
  EXPECT_THAT(router.diagnostics()[0].text, HasSubstr("\"/a(\""));
}

TEST(RegexMode, BadPathCatchesNobodyElsesRequests) {
  Router router({host("a.example", {regex("/(", "broken"), prefix("/", "fine"), regex("/x", "fine")})});

  EXPECT_EQ(router.choice("/other"), "prefix /");
}

TEST(RegexMode, DenialEndsWithTheBadPath) {
  Router router;
  router.compile(model_of({host("a.example", {regex("/a(", "web")}), host("b.example", {prefix("/", "web")})}));
  EXPECT_TRUE(router.match("b.example", "/").location->policies.deny.denied());

  router.compile(model_of({host("a.example", {regex("/a", "web")}), host("b.example", {prefix("/", "web")})}));

  EXPECT_FALSE(router.match("b.example", "/").location->policies.deny.denied());
  EXPECT_TRUE(router.diagnostics().empty());
}

TEST(NormalMode, BrokenExpressionsAreJustText) {
  Router router({host("a.example", {prefix("/a(")})});

  EXPECT_EQ(router.choice("/a(/x"), "prefix /a(");
  EXPECT_TRUE(router.diagnostics().empty());
}

TEST(RegexMode, DenialOfAnIngressKeepsAnEarlierReason) {
  model::Location location = regex("/a(", "web");
  location.policies.deny.reason = "auth-url-planned";
  Router router({host("a.example", {location})});

  EXPECT_EQ(router.match("a.example", "/a(").location->policies.deny.reason, "auth-url-planned");
}

}  // namespace
}  // namespace weir::route::test
