#include "weir/http/normalize.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace weir::http {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string path(std::string_view target) {
  std::string out = "left over";
  return normalize_path(target, out) ? out : "refused";
}

TEST(NormalizePath, KeepsCanonicalPaths) {
  for (const std::string_view same : {"/", "/a", "/a/", "/a/b.c", "/a.", "/a..", "/a...b", "/a+b",
                                      "/A;b=c,d@e:f!$&'()*", "/\\..\\x", "/[]{}|^`\"<>", "/a.b/c..d/"}) {
    EXPECT_EQ(path(same), same);
  }
}

TEST(NormalizePath, CutsTheQueryFirst) {
  EXPECT_EQ(path("/a?b"), "/a");
  EXPECT_EQ(path("/a?b/../..%zz%00#"), "/a");
  EXPECT_EQ(path("/?"), "/");
  EXPECT_EQ(path("/a/..?x"), "/");
  EXPECT_EQ(path("/a%3Fb?c"), "/a?b");
}

TEST(NormalizePath, DecodesOnce) {
  EXPECT_EQ(path("/%61%62c"), "/abc");
  EXPECT_EQ(path("/a%20b"), "/a b");
  EXPECT_EQ(path("/%2561"), "/%61");
  EXPECT_EQ(path("/%25%32%45"), "/%2E");
  EXPECT_EQ(path("/%c3%A4"), "/\xc3\xa4");
  EXPECT_EQ(path("/%23%3f"), "/#?");
  EXPECT_EQ(path("/a%0d%0ab"), "/a\r\nb");
  EXPECT_EQ(path("/%5c"), "/\\");
  EXPECT_EQ(path("/%2B+"), "/++");
  EXPECT_EQ(path("/%7f%ff"), "/\x7f\xff");
}

TEST(NormalizePath, MergesSlashes) {
  EXPECT_EQ(path("//"), "/");
  EXPECT_EQ(path("//a"), "/a");
  EXPECT_EQ(path("/a//b///c//"), "/a/b/c/");
  EXPECT_EQ(path("/a%2Fb"), "/a/b");
  EXPECT_EQ(path("/a%2f%2Fb/%2f"), "/a/b/");
  EXPECT_EQ(path("/%2F"), "/");
}

TEST(NormalizePath, ResolvesDotSegments) {
  EXPECT_EQ(path("/."), "/");
  EXPECT_EQ(path("/./"), "/");
  EXPECT_EQ(path("/./a"), "/a");
  EXPECT_EQ(path("/a/."), "/a/");
  EXPECT_EQ(path("/a/./b"), "/a/b");
  EXPECT_EQ(path("/a/.."), "/");
  EXPECT_EQ(path("/a/../"), "/");
  EXPECT_EQ(path("/a/b/.."), "/a/");
  EXPECT_EQ(path("/a/b/../"), "/a/");
  EXPECT_EQ(path("/a/b/../c"), "/a/c");
  EXPECT_EQ(path("/a/b/../../c"), "/c");
  EXPECT_EQ(path("/a/./../b"), "/b");
  EXPECT_EQ(path("/a//../b"), "/b");
  EXPECT_EQ(path("/a/b/..//../c"), "/c");
  EXPECT_EQ(path("/..."), "/...");
  EXPECT_EQ(path("/.a"), "/.a");
  EXPECT_EQ(path("/..a/b"), "/..a/b");
  EXPECT_EQ(path("/a/..b"), "/a/..b");
  EXPECT_EQ(path("/.well-known/x"), "/.well-known/x");
}

TEST(NormalizePath, ResolvesEncodedDotSegments) {
  EXPECT_EQ(path("/a/%2e%2E/b"), "/b");
  EXPECT_EQ(path("/a/%2e./b"), "/b");
  EXPECT_EQ(path("/a/.%2e/b"), "/b");
  EXPECT_EQ(path("/a/%2e/b"), "/a/b");
  EXPECT_EQ(path("/a%2f..%2fb"), "/b");
  EXPECT_EQ(path("/a/..%2F"), "/");
  EXPECT_EQ(path("/a/%252e%252e/b"), "/a/%2e%2e/b");
  EXPECT_EQ(path("/a/..;/b"), "/a/..;/b");
}

TEST(NormalizePath, Refuses) {
  for (const std::string_view bad :
       {"/..",   "/../", "/../a",  "/a/../..", "/a/../../b", "/./..", "//..", "/%2e%2e", "/%2e%2e%2f", "/a/%2f../../..",
        "/%",    "/%2",  "/a%",    "/%zz",     "/%2g",       "/%g2",  "/% 1", "/%2%2f",  "/%%61",      "/%?61",
        "/%2?1", "/%00", "/a%00b", "/a#b",     "/#",         "",      "a",    "?",       "?a",         "http://a/",
        "**",    "\\a",  "%2Fa"}) {
    EXPECT_EQ(path(bad), "refused") << bad;
  }
  EXPECT_EQ(path("/a\0b"sv), "refused");
}

TEST(NormalizePath, TakesTheAsteriskForTheRoot) {
  EXPECT_EQ(path("*"), "/");
}

TEST(QueryOf, BeginsWithTheQuestionMark) {
  EXPECT_EQ(query_of("/a"), "");
  EXPECT_EQ(query_of("/a?"), "?");
  EXPECT_EQ(query_of("/a?b?c"), "?b?c");
  EXPECT_EQ(query_of(""), "");
}

TEST(EscapePath, EscapesWhatMayNotStandInARequestLine) {
  std::string out = "x";
  escape_path("/a b\"#%?<>\\^`{|}\r\n\x7f\xc3\xa4\0/"s, out);
  EXPECT_EQ(out, "x/a%20b%22%23%25%3F%3C%3E%5C%5E%60%7B%7C%7D%0D%0A%7F%C3%A4%00/");
  out.clear();
  escape_path("/-._~!$&'()*+,;=:@[]/AZaz09", out);
  EXPECT_EQ(out, "/-._~!$&'()*+,;=:@[]/AZaz09");
}

TEST(EscapePath, IsUndoneByNormalizing) {
  std::string all = "/";
  for (int c = 1; c < 256; ++c) {
    if (c != '/') all.push_back(static_cast<char>(c));
  }
  std::string escaped;
  escape_path(all, escaped);
  EXPECT_EQ(path(escaped), all);
}

std::string host(std::string_view authority) {
  std::string out = "left over";
  host_of_authority(authority, out);
  return out;
}

TEST(HostOfAuthority, DropsPortAndTrailingDot) {
  EXPECT_EQ(host(""), "");
  EXPECT_EQ(host("A.Example"), "a.example");
  EXPECT_EQ(host("a:80"), "a");
  EXPECT_EQ(host("a.:80"), "a");
  EXPECT_EQ(host("a."), "a");
  EXPECT_EQ(host("a:"), "a");
  EXPECT_EQ(host("[2001:DB8::1]:443"), "[2001:db8::1]");
  EXPECT_EQ(host("[::1]"), "[::1]");
  EXPECT_EQ(host("[::1"), "[::1");
  EXPECT_EQ(host(":80"), "");
  EXPECT_EQ(host("\xc3\x84"), "\xc3\x84");
}

TEST(UnescapeAt, UnescapesOneByteWhereThereIsOne) {
  EXPECT_EQ(unescape_at("a%2fb", 1), '/');
  EXPECT_EQ(unescape_at("%C3", 0), '\xc3');
  EXPECT_EQ(unescape_at("a%2fb", 0), std::nullopt);
  for (const std::string_view text : {"", "%", "%2", "%2g", "%g2"})
    EXPECT_EQ(unescape_at(text, 0), std::nullopt) << text;
  EXPECT_EQ(unescape_at("%41", 1), std::nullopt);
}

}  // namespace
}  // namespace weir::http
