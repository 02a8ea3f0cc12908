#include "weir/http/accept_encoding.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(AcceptEncoding, ACodingHasToBeNamed) {
  EXPECT_TRUE(accepts_coding("gzip", "gzip"));
  EXPECT_TRUE(accepts_coding("deflate, GZip , br", "gzip"));
  EXPECT_TRUE(accepts_coding("deflate,gzip;q=0.1", "gzip"));
  EXPECT_TRUE(accepts_coding("gzip; q=1.0", "gzip"));
  EXPECT_TRUE(accepts_coding("gzip;q=0.001", "gzip"));
  EXPECT_FALSE(accepts_coding("", "gzip"));
  EXPECT_FALSE(accepts_coding("*", "gzip"));
  EXPECT_FALSE(accepts_coding("xgzip, gzipx, x-gzip", "gzip"));
  EXPECT_FALSE(accepts_coding("br", "gzip"));
}

TEST(AcceptEncoding, AWeightOfZeroForbids) {
  EXPECT_FALSE(accepts_coding("gzip;q=0", "gzip"));
  EXPECT_FALSE(accepts_coding("br, gzip ; Q=0.000 , deflate", "gzip"));
  EXPECT_FALSE(accepts_coding("gzip;q=0.", "gzip"));
  EXPECT_FALSE(accepts_coding("gzip;x=1;q=0", "gzip"));
}

TEST(ListHas, FindsWholeTokens) {
  EXPECT_TRUE(list_has("public, No-Transform", "no-transform"));
  EXPECT_TRUE(list_has("max-age=3, private=\"x\"", "max-age"));
  EXPECT_TRUE(list_has("Origin,Accept-Encoding", "accept-encoding"));
  EXPECT_FALSE(list_has("no-transforms", "no-transform"));
  EXPECT_FALSE(list_has("", "no-transform"));
}

}  // namespace
}  // namespace weir::http
