#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(IpAccessAnnotations, ListsCloseUntilTheyAreImplemented) {
  EXPECT_EQ(outcome({{"allowlist-source-range", "10.0.0.0/8"}}), "503 allowlist-source-range-planned");
  EXPECT_EQ(outcome({{"whitelist-source-range", "10.0.0.0/8"}}), "503 allowlist-source-range-planned");
  EXPECT_EQ(outcome({{"denylist-source-range", "10.0.0.0/8"}}), "503 denylist-source-range-planned");
}

TEST(IpAccessAnnotations, AMistypedListDoesNotOpenTheDoor) {
  EXPECT_EQ(outcome({{"allowlist-source-range", "10.0.0.0/88"}}), "503 allowlist-source-range-invalid");
  EXPECT_EQ(outcome({{"whitelist-source-range", "office"}}), "503 allowlist-source-range-invalid");
  EXPECT_EQ(outcome({{"denylist-source-range", "10.0.0.0/8,"}}), "503 denylist-source-range-invalid");
}

TEST(IpAccessAnnotations, AnEmptyListDeniesUnderItsPrimaryNameOnly) {
  EXPECT_EQ(outcome({{"allowlist-source-range", ""}}), "503 allowlist-source-range-invalid");
  EXPECT_EQ(outcome({{"denylist-source-range", " "}}), "503 denylist-source-range-invalid");
  EXPECT_EQ(outcome({{"whitelist-source-range", ""}}), "ok");
}

TEST(IpAccessAnnotations, TheAliasIsReadWhenThePrimaryIsEmpty) {
  EXPECT_EQ(outcome({{"allowlist-source-range", ""}, {"whitelist-source-range", "10.0.0.0/8"}}),
            "503 allowlist-source-range-planned");
  EXPECT_EQ(outcome({{"allowlist-source-range", "10.0.0.0/8"}, {"whitelist-source-range", "bad"}}),
            "503 allowlist-source-range-planned");
}

}  // namespace
}  // namespace weir::features
