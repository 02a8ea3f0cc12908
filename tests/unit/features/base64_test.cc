#include "features/base64.h"

#include <gtest/gtest.h>

namespace weir::features {
namespace {

TEST(Base64, DecodesWithEveryPadding) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_base64("Zm9v\nYmFy"), "foobar");
  EXPECT_EQ(decode_base64("/+8="), "\xff\xef");
}

TEST(Base64, RefusesWhatIsNoPaddedBase64) {
  for (const char* bad : {"Zg", "Z", "Zg=", "Zg===", "Zm9v=", "=Zm9", "Zm$v", "Zg==Zg=="}) {
    EXPECT_EQ(decode_base64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace weir::features
