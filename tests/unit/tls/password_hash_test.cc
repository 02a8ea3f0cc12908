#include "weir/tls/password_hash.h"

#include <gtest/gtest.h>

namespace weir::tls {
namespace {

// Made by `openssl passwd` and crypt(3).
constexpr const char* kHashes[] = {
    "$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX/",
    "$1$abcd$aRemUGAXqMpBp39KZBtve.",
    "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",
    "$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8",
    ("$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2"
     "scFtv/uamSo5z0"),
    "$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
    "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    "abhfCpXqd4GrI",
    "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
    "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0",
    "{PLAIN}correct horse"};

TEST(PasswordHash, EveryKindKnowsItsPassword) {
  for (const char* hash : kHashes) EXPECT_TRUE(matches_hash("correct horse", hash)) << hash;
  EXPECT_TRUE(matches_hash("x", "$apr1$ab$eIePjsejfBGR8ITtu2z0U1"));
}

TEST(PasswordHash, EveryKindRefusesAnother) {
  for (const char* hash : kHashes) {
    for (const char* wrong : {"", "correct", "Correct horse", "*"}) EXPECT_FALSE(matches_hash(wrong, hash)) << hash;
  }
}

TEST(PasswordHash, APasswordWithANulMatchesNothing) {
  for (const char* hash : kHashes) {
    EXPECT_FALSE(matches_hash(std::string("correct horse\0x", 15), hash)) << hash;
  }
}

TEST(PasswordHash, WhatIsNoHashMatchesNothing) {
  for (const char* hash : {"", "*", "*0", "correct horse", "$y$j9T$a$b", "$9$a$b", "$2y$05$short", "{SHA}",
                           "{SSHA}AAAA", "{SHA}!!!!", "$apr1$", "$1$", "!!hfCpXqd4GrI"}) {
    EXPECT_FALSE(matches_hash("correct horse", hash)) << hash;
    EXPECT_FALSE(matches_hash("", hash)) << hash;
  }
}

}  // namespace
}  // namespace weir::tls
