// The context of a thread serves one text after the other, also several algorithms by turns.
#include "weir/tls/digest.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace weir::tls {
namespace {

void expect_known_digests() {
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(to_hex(hmac_sha256({}, "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    Sha256 key{};
    key.back() = 1;
    EXPECT_NE(hmac_sha256(key, ""), hmac_sha256({}, ""));
    EXPECT_NE(hmac_sha256(key, "a"), hmac_sha256(key, "b"));
  }
}

TEST(Digests, AreTheKnownOnesAgainAndAgain) {
  expect_known_digests();
}

TEST(Digests, AreTheSameOnEveryThread) {
  std::thread other(expect_known_digests);
  expect_known_digests();
  other.join();
}

TEST(Digests, OfALongTextAreTheSame) {
  EXPECT_EQ(to_hex(sha256(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace weir::tls
