#include "weir/http/cookies.h"

#include "weir/http/h1_parser.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

RequestHead head_with(const std::string& fields) {
  RequestHead head;
  EXPECT_EQ(parse_request_head("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n", {}, head).status, ParseStatus::done);
  return head;
}

TEST(Cookies, AreFoundInAllFields) {
  const RequestHead head = head_with("Cookie: a=1;b=2 ; c = 3\r\nCookie: d=\"x;y\"; e=1=2\r\n");

  EXPECT_EQ(find_cookie(head.fields, "a"), "1");
  EXPECT_EQ(find_cookie(head.fields, "b"), "2");
  EXPECT_EQ(find_cookie(head.fields, "c"), "3");
  EXPECT_EQ(find_cookie(head.fields, "d"), "\"x");
  EXPECT_EQ(find_cookie(head.fields, "e"), "1=2");
}

TEST(Cookies, TheFirstOfANameCounts) {
  EXPECT_EQ(find_cookie(head_with("Cookie: a=1; a=2\r\n").fields, "a"), "1");
}

TEST(Cookies, AMissingOneIsNotAnEmptyOne) {
  const RequestHead head = head_with("Cookie: a=; b\r\n");

  EXPECT_NE(find_cookie(head.fields, "a").data(), nullptr);
  EXPECT_EQ(find_cookie(head.fields, "a"), "");
  EXPECT_EQ(find_cookie(head.fields, "b").data(), nullptr);
  EXPECT_EQ(find_cookie(head_with("").fields, "a").data(), nullptr);
}

TEST(Cookies, CaseCountsUnlessAskedOtherwise) {
  const RequestHead head = head_with("Cookie: Beta=always\r\n");

  EXPECT_EQ(find_cookie(head.fields, "beta").data(), nullptr);
  EXPECT_EQ(find_cookie(head.fields, "beta", CookieCase::ignored), "always");
}

}  // namespace
}  // namespace weir::http
