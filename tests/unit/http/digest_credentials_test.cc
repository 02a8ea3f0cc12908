#include "weir/http/digest_credentials.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(DigestCredentials, AreReadAsClientsWriteThem) {
  const auto given = parse_digest_credentials(
      "Digest username=\"bob\",realm=\"Some "
      "realm\",nonce=\"abc\",uri=\"/x?y=1,2\",cnonce=\"MDU=\",nc=00000001,qop=auth,"
      "response=\"8ca523f5e9506fed4657c9700eebdbec\",algorithm=MD5,opaque=\"o\"");

  ASSERT_TRUE(given.has_value());
  EXPECT_EQ(given->username, "bob");
  EXPECT_EQ(given->realm, "Some realm");
  EXPECT_EQ(given->nonce, "abc");
  EXPECT_EQ(given->uri, "/x?y=1,2");
  EXPECT_EQ(given->cnonce, "MDU=");
  EXPECT_EQ(given->nc, "00000001");
  EXPECT_EQ(given->qop, "auth");
  EXPECT_EQ(given->response, "8ca523f5e9506fed4657c9700eebdbec");
  EXPECT_EQ(given->algorithm, "MD5");
}

TEST(DigestCredentials, QuotesEscapesBlanksAndEmptyElementsAreAllowed) {
  const auto given = parse_digest_credentials("dIgEsT ,, UserName = \"a\\\"b\\\\c\" ,\tqop=\"auth\",");

  ASSERT_TRUE(given.has_value());
  EXPECT_EQ(given->username, "a\"b\\c");
  EXPECT_EQ(given->qop, "auth");
  EXPECT_EQ(given->realm, "");
}

TEST(DigestCredentials, WhatIsNoListOfParametersIsRefused) {
  for (const char* value : {"", "Digest", "Digest ", "Basic Ym9i", "Digestx a=b", "Digest a", "Digest =b", "Digest a=",
                            "Digest a=\"b", "Digest a=\"b\\", "Digest a=\"b\" c=d", "Digest a=b c", "Digest nc=1, nc=2",
                            "Digest nc=1, NC=1", "Digest username*=UTF-8''x", "Digest userhash=true, username=x",
                            "Digest a=b\x01", "Digest a=\"b\nc\"", "Digest a=\x7f"}) {
    EXPECT_FALSE(parse_digest_credentials(value).has_value()) << value;
  }
}

}  // namespace
}  // namespace weir::http
