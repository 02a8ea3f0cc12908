#include "proxy/internal_redirect.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace weir::proxy {
namespace {

std::string read(std::string_view said) {
  std::string path = "before";
  std::string query = "?before";
  return read_redirect(said, path, query) ? path + " " + query : "refused";
}

TEST(InternalRedirect, PathIsDecodedOnceAndNormalised) {
  EXPECT_EQ(read("/a"), "/a ");
  EXPECT_EQ(read("/a%2fb%20c"), "/a/b c ");
  EXPECT_EQ(read("//a/.//b/"), "/a/b/ ");
  EXPECT_EQ(read("/a%2520b"), "/a%20b ") << "once";
  EXPECT_EQ(read("/a b\t\xc3\xa9#c"), "/a b\t\xc3\xa9#c ") << "unescaped bytes are the path's";
  EXPECT_EQ(read("/a%3Fb"), "/a?b ");
}

TEST(InternalRedirect, PercentWithoutTwoDigitsVanishes) {
  EXPECT_EQ(read("/100%.pdf"), "/100.pdf ");
  EXPECT_EQ(read("/%zz"), "/zz ");
  EXPECT_EQ(read("/a%"), "/a ");
  EXPECT_EQ(read("/a%4"), "/a4 ");
}

TEST(InternalRedirect, QueryIsTakenAsItIsButCannotEndTheRequestLine) {
  EXPECT_EQ(read("/a?x=%31&y=/../?z"), "/a ?x=%31&y=/../?z");
  EXPECT_EQ(read("/a?"), "/a ?");
  EXPECT_EQ(read("/a?b c\td\x7f#e"), "/a ?b%20c%09d%7F%23e");
  EXPECT_EQ(read("/a?\xc3\xa9"), "/a ?\xc3\xa9");
}

TEST(InternalRedirect, WhatNginxCallsUnsafeIsRefused) {
  for (const std::string_view said : {"", "a", "?x", "http://a.example/b", "..", "../a", "/..", "/../a", "/a/..",
                                      "/a/../b", "/a%2f..%2fb", "/%2e%2e/b", "/a/.%2e", "/a%00b"}) {
    EXPECT_EQ(read(said), "refused") << said;
  }
  EXPECT_EQ(read(std::string_view("/a\0b", 4)), "refused");
  EXPECT_EQ(read("/..a/b../...//c"), "/..a/b../.../c ") << "dots that are no segment";
}

}  // namespace
}  // namespace weir::proxy
