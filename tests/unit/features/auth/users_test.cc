#include "weir/features/auth/users.h"

#include <gtest/gtest.h>

namespace weir::features {
namespace {

const std::string kHash = "$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX/";

TEST(Htpasswd, LinesAreNameAndHashWithComments) {
  const Users users = read_htpasswd("# people\nbob:" + kHash + ":Bob\r\n\nann:{PLAIN}x\n");

  ASSERT_EQ(users.all.size(), 2u);
  EXPECT_EQ(users.unusable, 0u);
  EXPECT_EQ(users.all[0], (User{"ann", "{PLAIN}x"}));
  ASSERT_NE(users.find("bob"), nullptr);
  EXPECT_EQ(users.find("bob")->hash, kHash);
  EXPECT_EQ(users.find("Bob"), nullptr);
  EXPECT_EQ(users.find(""), nullptr);
}

TEST(Htpasswd, TheFirstLineOfANameCounts) {
  const Users users = read_htpasswd("a:{PLAIN}first\na:{PLAIN}second\n");

  ASSERT_EQ(users.all.size(), 1u);
  EXPECT_EQ(users.all[0].hash, "{PLAIN}first");
}

TEST(Htpasswd, BadLinesAreCountedAndLetNobodyIn) {
  const Users users = read_htpasswd("nocolon\n:{PLAIN}x\na:plain text\nb:\n");

  EXPECT_EQ(users.unusable, 4u);
  ASSERT_EQ(users.all.size(), 2u);
  EXPECT_EQ(users.find("a")->hash, "");
  EXPECT_EQ(users.find("b")->hash, "");
}

TEST(Htpasswd, AnUnusableFirstLineStillHidesALaterOne) {
  EXPECT_EQ(read_htpasswd("a:?\na:{PLAIN}x\n").find("a")->hash, "");
}

TEST(UserMap, KeysAreNamesAndValuesHashes) {
  const Users users = read_user_map({{"ann", kHash + "\n"}, {"bob", "?"}});

  EXPECT_EQ(users.find("ann")->hash, kHash);
  EXPECT_EQ(users.find("bob")->hash, "");
  EXPECT_EQ(users.unusable, 1u);
}

TEST(Hashes, TheKindsOfHtpasswdAreUsable) {
  for (const char* hash : {"$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
                           "$1$abcd$aRemUGAXqMpBp39KZBtve.", "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",
                           "$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8", "abhfCpXqd4GrI",
                           "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=", "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0", "{PLAIN}"}) {
    EXPECT_TRUE(is_usable_hash(hash)) << hash;
  }
  EXPECT_TRUE(is_usable_hash(kHash));
}

TEST(Hashes, WhatIsMalformedOrTooDearIsNot) {
  for (const char* hash :
       {"", "x", "$2y$31$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2", "$2y$05$short",
        "$2x$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
        "$5$rounds=999999999$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8", "$5$rounds=$a$b", "$1$abcd$",
        "$apr1$abcd", "{SHA}short", "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A ", "$y$j9T$abc$def", "abhfCpXqd4Gr!"}) {
    EXPECT_FALSE(is_usable_hash(hash)) << hash;
  }
  EXPECT_FALSE(is_usable_hash("{PLAIN}" + std::string(2000, 'x')));
  EXPECT_FALSE(is_usable_hash(std::string("{PLAIN}a\0b", 10)));
}

}  // namespace
}  // namespace weir::features
