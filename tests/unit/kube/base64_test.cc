#include "weir/kube/base64.h"

#include <gtest/gtest.h>

namespace weir::kube {
namespace {

TEST(Base64, DecodesAllPaddings) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(decode_base64("/+8A"), std::string("\xff\xef\0", 3));
}

TEST(Base64, SkipsLineBreaksAsGoDoes) {
  EXPECT_EQ(decode_base64("Zm\r\n9v\nYg==\n"), "foob");
}

TEST(Base64, RefusesEverythingElse) {
  for (auto bad : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg==Zg==", "Zm9v=", "Zm 9v", "Zm-_", "Zm9v\tZm9v",
                   "Zg=g", "\xff\xff\xff\xff"}) {
    EXPECT_EQ(decode_base64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace weir::kube
