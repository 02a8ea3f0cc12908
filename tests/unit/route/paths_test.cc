// Choosing the location in normal mode: spec 2.4 and 2.6, and the tables of path types in the introduction to Ingress
// that operators read.
#include "unit/route/fixture.h"

namespace weir::route::test {
namespace {

struct Row {
  model::Location rule;
  std::string path;
  bool matches;
};

// A 301 to the path with a slash does not reach the backend: no match.
bool reaches(const Row& row) {
  Router router({host("a.example", {row.rule})});
  const LocationMatch match = router.match("a.example", row.path);
  return !match.location->implicit && !match.slash_redirect;
}

std::string name_of(const Row& row) {
  return (row.rule.type == kube::PathType::exact ? "Exact " : "Prefix ") + row.rule.path + " against " + row.path;
}

TEST(PathTypes, DescribedBehaviourOfEachTypeForApi) {
  const Row rows[] = {
      {exact("/api"), "/api", true},        {exact("/api"), "/api/", false}, {exact("/api"), "/api/v1", false},
      {prefix("/api"), "/api", true},       {prefix("/api"), "/api/", true}, {prefix("/api"), "/api/v1", true},
      {prefix("/api"), "/api/users", true},
  };
  for (const Row& row : rows) EXPECT_EQ(reaches(row), row.matches) << name_of(row);
}

TEST(PathTypes, TableOfRulesAgainstFourRequests) {
  const Row rows[] = {
      {exact("/api"), "/api", true},     {exact("/api"), "/api/", false},    {exact("/api"), "/api/v1", false},
      {exact("/api"), "/apikey", false}, {prefix("/api"), "/api", true},     {prefix("/api"), "/api/", true},
      {prefix("/api"), "/api/v1", true}, {prefix("/api"), "/apikey", false}, {prefix("/api/"), "/api", false},
      {prefix("/api/"), "/api/", true},  {prefix("/api/"), "/api/v1", true}, {prefix("/api/"), "/apikey", false},
      {prefix("/"), "/api", true},       {prefix("/"), "/api/", true},       {prefix("/"), "/api/v1", true},
      {prefix("/"), "/apikey", true},
  };
  for (const Row& row : rows) EXPECT_EQ(reaches(row), row.matches) << name_of(row);
}

TEST(Paths, ExactBeatsPrefixOfTheSameText) {
  Router router({host("a.example", {prefix("/p", "one"), exact("/p", "two")})});

  EXPECT_EQ(router.choice("/p"), "exact /p");
  EXPECT_EQ(router.choice("/p/"), "prefix /p");
  EXPECT_EQ(router.choice("/p/x"), "prefix /p");
}

TEST(Paths, ExactPathBeatsLongerPrefix) {
  Router router({host("a.example", {prefix("/"), prefix("/a/"), exact("/a/b")})});

  EXPECT_EQ(router.choice("/a/b"), "exact /a/b");
  EXPECT_EQ(router.choice("/a/b/"), "prefix /a/");
  EXPECT_EQ(router.choice("/a/bc"), "prefix /a/");
}

TEST(Paths, LongestPrefixWinsBySegments) {
  Router router({host("a.example", {prefix("/"), prefix("/aaa"), prefix("/aaa/bbb"), prefix("/aaa/bb")})});

  EXPECT_EQ(router.choice("/aaa/bbb"), "prefix /aaa/bbb");
  EXPECT_EQ(router.choice("/aaa/bbb/c"), "prefix /aaa/bbb");
  EXPECT_EQ(router.choice("/aaa/bb/c"), "prefix /aaa/bb");
  EXPECT_EQ(router.choice("/aaa/b"), "prefix /aaa");
  EXPECT_EQ(router.choice("/aaab"), "prefix /");
  EXPECT_EQ(router.choice("/aaa/bbbb"), "prefix /aaa");
}

TEST(Paths, MatchingIsCaseSensitive) {
  Router router({host("a.example", {prefix("/Api"), exact("/X")})});

  EXPECT_EQ(router.choice("/Api/x"), "prefix /Api");
  EXPECT_EQ(router.choice("/api/x"), "none");
  EXPECT_EQ(router.choice("/x"), "none");
}

TEST(Paths, NothingElseGoesToTheImplicitRoot) {
  Router router({host("a.example", {prefix("/app")})});

  EXPECT_EQ(router.choice("/other"), "none");
  EXPECT_EQ(router.choice("/"), "none");
  EXPECT_EQ(router.choice("*"), "none") << "OPTIONS *";
  EXPECT_EQ(router.choice(""), "none");
}

TEST(Paths, ExactRootIsOnlyTheRoot) {
  Router router({host("a.example", {exact("/")})});

  EXPECT_EQ(router.choice("/"), "exact /");
  EXPECT_EQ(router.choice("/x"), "none");
}

TEST(SlashRedirect, RuleWithFinalSlashRedirectsThePathWithout) {
  Router router({host("a.example", {prefix("/p/"), exact("/e/")})});

  EXPECT_EQ(router.choice("/p"), "301 prefix /p/");
  EXPECT_EQ(router.choice("/p/"), "prefix /p/");
  EXPECT_EQ(router.choice("/p/x"), "prefix /p/");
  EXPECT_EQ(router.choice("/e"), "301 exact /e/");
  EXPECT_EQ(router.choice("/e/"), "exact /e/");
  EXPECT_EQ(router.choice("/e/x"), "none");
}

TEST(SlashRedirect, BeatsShorterPrefixes) {
  Router router({host("a.example", {prefix("/"), prefix("/p/")})});

  EXPECT_EQ(router.choice("/p"), "301 prefix /p/");
  EXPECT_EQ(router.choice("/pp"), "prefix /");
}

TEST(SlashRedirect, GivesWayToAnEntryForTheShorterPath) {
  Router exact_rule({host("a.example", {prefix("/p/"), exact("/p")})});
  EXPECT_EQ(exact_rule.choice("/p"), "exact /p");

  Router prefix_rule({host("a.example", {prefix("/p/", "one"), prefix("/p", "two")})});
  EXPECT_EQ(prefix_rule.choice("/p"), "prefix /p");
  EXPECT_EQ(prefix_rule.choice("/p/x"), "prefix /p/");
}

TEST(SlashRedirect, PrefixWithoutSlashNeverRedirects) {
  Router router({host("a.example", {prefix("/p")})});

  EXPECT_EQ(router.choice("/p"), "prefix /p");
}

TEST(SlashRedirect, IsOffInRegexMode) {
  Router router({host("a.example", {prefix("/p/"), regex("/other")})});

  EXPECT_EQ(router.choice("/p"), "none");
  EXPECT_EQ(router.choice("/p/"), "prefix /p/");
}

// The structure against the definition, with paths that share prefixes and bytes around '/'.
TEST(Paths, ThousandPathsMatchAsDefined) {
  const char* parts[] = {"a", "b", "a-b", "ab", "a.b", "a!", "aa", "~"};
  std::vector<model::Location> rules;
  std::vector<std::string> paths;
  auto add = [&](const std::string& path, std::size_t salt) {
    if (salt % 3 == 0) rules.push_back(exact(path));
    if (salt % 3 != 0 || salt % 2 == 0) rules.push_back(prefix(salt % 5 == 0 ? path + "/" : path));
    paths.push_back(path);
  };
  std::size_t salt = 0;
  for (const std::string a : parts) {
    if (salt % 2 == 0) add("/" + a, salt);
    for (const std::string b : parts) {
      if (++salt % 4 != 0) add("/" + a + "/" + b, salt);
      for (const std::string c : parts) {
        if (++salt % 3 != 0) add("/" + a + "/" + b + "/" + c, salt);
      }
    }
  }
  Router router({host("a.example", rules)});

  std::vector<std::string> requests = paths;
  for (const std::string& path : paths) {
    for (const char* tail : {"/", "x", "/x", "-", "/a/a"}) requests.push_back(path + tail);
  }
  for (const std::string& request : requests) {
    std::string expected = "none";
    std::size_t length = 0;
    bool redirect = false;
    bool exactly = false;
    for (const model::Location& location : rules) {
      const std::string slashed = location.path.ends_with('/') ? location.path : location.path + "/";
      const bool is_exact = location.type == kube::PathType::exact;
      if (is_exact && request == location.path) {
        expected = "exact " + location.path;
        exactly = true;
      } else if (!exactly && !is_exact && request == location.path) {
        expected = "prefix " + location.path;
        length = request.size() + 1;
        redirect = false;
      } else if (!exactly && !is_exact && request.starts_with(slashed) && slashed.size() > length && !redirect) {
        expected = "prefix " + location.path;
        length = slashed.size();
      } else if (!exactly && request + "/" == location.path && length <= request.size()) {
        expected = "301 " + std::string(is_exact ? "exact " : "prefix ") + location.path;
        redirect = true;
      }
    }
    EXPECT_EQ(router.choice(request), expected) << request;
  }
}

}  // namespace
}  // namespace weir::route::test
