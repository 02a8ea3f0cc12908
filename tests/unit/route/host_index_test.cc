// Choosing the host: spec 2.3.
#include "unit/route/fixture.h"

#include "route/host_index.h"

namespace weir::route::test {
namespace {

using testing::ElementsAre;

model::Host with_aliases(const std::string& name, std::vector<std::string> aliases) {
  model::Location location = prefix("/");
  location.policies.host_alias.names = aliases;
  model::Host result = host(name, {location});
  result.aliases = std::move(aliases);
  return result;
}

TEST(Hosts, UnknownAndMissingNamesGoToTheCatchAll) {
  Router router({host("a.example", {})});

  EXPECT_EQ(router.host_of("a.example"), "a.example");
  EXPECT_EQ(router.host_of("b.example"), "_");
  EXPECT_EQ(router.host_of(""), "_");
  EXPECT_EQ(router.host_of("10.0.0.1"), "_");
  EXPECT_EQ(router.host_of("_"), "_");
}

TEST(Hosts, WildcardHostMatchesOneLabelOfLettersDigitsDashUnderscore) {
  Router router({host("*.foo.example", {})});

  EXPECT_EQ(router.host_of("a.foo.example"), "*.foo.example");
  EXPECT_EQ(router.host_of("a-b_9.foo.example"), "*.foo.example");
  EXPECT_EQ(router.host_of("foo.example"), "_");
  EXPECT_EQ(router.host_of("a.b.foo.example"), "_");
  EXPECT_EQ(router.host_of(".foo.example"), "_");
  EXPECT_EQ(router.host_of("a!.foo.example"), "_");
  EXPECT_EQ(router.host_of("a.foo.example.org"), "_");
}

TEST(Hosts, ExactNameBeatsWildcard) {
  Router router({host("*.foo.example", {}), host("a.foo.example", {})});

  EXPECT_EQ(router.host_of("a.foo.example"), "a.foo.example");
  EXPECT_EQ(router.host_of("b.foo.example"), "*.foo.example");
}

TEST(Hosts, PlainAliasIsAName) {
  Router router({with_aliases("a.example", {"other.example"}), host("*.example", {})});

  EXPECT_EQ(router.host_of("other.example"), "a.example");
  EXPECT_EQ(router.host_of("third.example"), "*.example");
}

TEST(Hosts, HostNameBeatsAnEqualAlias) {
  Router router({with_aliases("a.example", {"b.example"}), host("b.example", {})});

  EXPECT_EQ(router.host_of("b.example"), "b.example");
}

TEST(Hosts, WildcardAliasTakesAnyNumberOfLabelsLongestFirst) {
  Router router({with_aliases("one.example", {"*.x.org"}), with_aliases("two.example", {"*.a.x.org"})});

  EXPECT_EQ(router.host_of("b.x.org"), "one.example");
  EXPECT_EQ(router.host_of("c.b.x.org"), "one.example");
  EXPECT_EQ(router.host_of("c.a.x.org"), "two.example");
  EXPECT_EQ(router.host_of("d.c.a.x.org"), "two.example");
  EXPECT_EQ(router.host_of("a.x.org"), "one.example");
  EXPECT_EQ(router.host_of("x.org"), "_");
}

TEST(Hosts, TailWildcardAliasComesAfterHeadWildcards) {
  Router router({with_aliases("head.example", {"*.org"}), with_aliases("tail.example", {"www.*"}),
                 with_aliases("long.example", {"www.b.*"})});

  EXPECT_EQ(router.host_of("www.x.org"), "head.example");
  EXPECT_EQ(router.host_of("www.x.net"), "tail.example");
  EXPECT_EQ(router.host_of("www.x.co.uk"), "tail.example");
  EXPECT_EQ(router.host_of("www.b.net"), "long.example");
  EXPECT_EQ(router.host_of("www"), "_");
}

TEST(Hosts, DotAliasTakesTheNameItselfToo) {
  Router router({with_aliases("a.example", {".x.org"})});

  EXPECT_EQ(router.host_of("x.org"), "a.example");
  EXPECT_EQ(router.host_of("b.c.x.org"), "a.example");
  EXPECT_EQ(router.host_of("yx.org"), "_");
}

TEST(Hosts, WildcardAliasBeatsWildcardHost) {
  Router router({host("*.x.org", {}), with_aliases("z.example", {"*.x.org"})});

  EXPECT_EQ(router.host_of("a.x.org"), "z.example");
}

TEST(Hosts, RegexNamesAreTriedByHostName) {
  // "*.x.org" is a regex name itself and sorts before letters.
  Router router({host("*.x.org", {}), with_aliases("m.example", {"~^[a-z]+\\.x\\.org$"}),
                 with_aliases("b.example", {"~^[a-z]+\\.y\\.org$", "~org$"})});

  EXPECT_EQ(router.host_of("a.x.org"), "*.x.org");
  EXPECT_EQ(router.host_of("a.b.x.org"), "b.example");
  EXPECT_EQ(router.host_of("a.y.org"), "b.example");
  EXPECT_EQ(router.host_of("a.y.net"), "_");
}

TEST(Hosts, RegexAliasOfAnEarlierHostBeatsALaterWildcardHost) {
  Router router({with_aliases("!first", {"~^a"}), host("*.x.org", {})});

  EXPECT_EQ(router.host_of("a.x.org"), "!first");
  EXPECT_EQ(router.host_of("b.x.org"), "*.x.org");
}

TEST(Hosts, RegexAliasIsUnanchoredAndCaseless) {
  Router router({with_aliases("a.example", {"~FOO"})});

  EXPECT_EQ(router.host_of("x.foo.org"), "a.example");
}

TEST(Hosts, UnusableAliasesAreDroppedAndReported) {
  Router router({with_aliases("a.example", {"*.*.x", "a..b", "fine.example", "~["})});

  EXPECT_THAT(router.codes(), ElementsAre("server-alias-invalid", "server-alias-invalid", "server-alias-invalid"));
  EXPECT_EQ(to_string(router.diagnostics()[0].object), "Ingress default/web");
  EXPECT_EQ(
      router.diagnostics()[2].text,
      "\"~[\" is skipped: the regular expression \"[\" does not compile, missing terminating ] for character class "
      "at offset 1; host a.example is served by its other names only");
  EXPECT_THAT(router.host("a.example").aliases, ElementsAre("fine.example"));
  EXPECT_EQ(router.host_of("fine.example"), "a.example");
  EXPECT_EQ(router.host_of("a..b"), "_");
}

TEST(Aliases, FormsAreCheckedAsTheOriginalsServerNames) {
  PatternCache patterns;
  for (const char* good : {"a", "a.b", "*.a", "a.*", ".a", "~^x$", "*.a.b.c", "xn--a"}) {
    EXPECT_FALSE(alias_problem(good, patterns)) << good;
  }
  for (const char* bad : {"", "*", "*.", "a*b", "*a", "a*", "a.*.b", "*.*", "a..b", "..", ".", "~", "~[", "~("}) {
    EXPECT_TRUE(alias_problem(bad, patterns)) << bad;
  }
}

TEST(Hosts, EndlessMadeUpNameEndsInTheCatchAll) {
  Router router({with_aliases("a.example", {"*.x.org", "www.*"}), host("*.foo.example", {})});
  std::string name;
  for (int i = 0; i < 20'000; ++i) name += "a.";

  EXPECT_EQ(router.host_of(name), "_");
  EXPECT_EQ(router.host_of(name + "x.org"), "_");
}

TEST(Hosts, RedirectHostIsAnExactNameWithARoot) {
  model::Host redirect;
  redirect.name = "www.a.example";
  redirect.www_redirect_to = "a.example";
  Router router({redirect, host("a.example", {})});

  EXPECT_EQ(router.host("www.a.example").www_redirect_to, "a.example");
  EXPECT_NE(router.match("www.a.example", "/x").location, nullptr);
}

TEST(Hosts, ModelWithoutAnyHostStillAnswers) {
  Router router;
  model::PlainModel empty;

  router.compile(empty);

  EXPECT_EQ(router.host_of("a.example"), "_");
  EXPECT_TRUE(router.match("a.example", "/").location->untouched_default);
  EXPECT_EQ(router.match("a.example", "/").location->backend, kNoBackend);
}

}  // namespace
}  // namespace weir::route::test
