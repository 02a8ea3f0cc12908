#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::Keys;
using testing::outcome;
using testing::read;
using testing::settings;

bool admits(const Keys& keys, std::string_view client, const Keys& config = {}) {
  return read(keys, settings(config)).policies.ip_access.admits(*base::parse_ip(client));
}

TEST(IpAccessAnnotations, AnAllowListKeepsEverybodyElseOut) {
  EXPECT_TRUE(admits({{"allowlist-source-range", "10.0.0.0/8, fd00::1"}}, "10.1.2.3"));
  EXPECT_TRUE(admits({{"allowlist-source-range", "10.0.0.0/8, fd00::1"}}, "fd00::1"));
  EXPECT_FALSE(admits({{"allowlist-source-range", "10.0.0.0/8, fd00::1"}}, "11.0.0.1"));
  EXPECT_FALSE(admits({{"whitelist-source-range", "10.0.0.0/8"}}, "11.0.0.1"));
}

TEST(IpAccessAnnotations, ADenyListIsLookedAtFirst) {
  const Keys both = {{"allowlist-source-range", "10.0.0.0/8"}, {"denylist-source-range", "10.9.0.0/16"}};
  EXPECT_TRUE(admits(both, "10.1.0.1"));
  EXPECT_FALSE(admits(both, "10.9.0.1"));
  EXPECT_FALSE(admits(both, "192.0.2.1"));
  EXPECT_TRUE(admits({{"denylist-source-range", "10.9.0.0/16"}}, "192.0.2.1"));
}

TEST(IpAccessAnnotations, AListReplacesTheConfigMapsListOfItsKind) {
  const Keys config = {{"whitelist-source-range", "10.0.0.0/8"}, {"denylist-source-range", "10.9.0.0/16"}};
  EXPECT_FALSE(admits({}, "192.0.2.1", config));
  EXPECT_TRUE(admits({{"allowlist-source-range", "192.0.2.1"}}, "192.0.2.1", config));
  EXPECT_FALSE(admits({{"allowlist-source-range", "192.0.2.1,10.0.0.0/8"}}, "10.9.0.1", config));
  EXPECT_TRUE(admits({{"denylist-source-range", "10.8.0.0/16"}}, "10.9.0.1", config));
}

TEST(IpAccessAnnotations, BlockedRangesCountWhereThereIsNoListOnly) {
  const Keys config = {{"block-cidrs", "192.0.2.0/24"}};
  EXPECT_FALSE(admits({}, "192.0.2.1", config));
  EXPECT_TRUE(admits({}, "192.0.3.1", config));
  EXPECT_TRUE(admits({{"denylist-source-range", "10.9.0.0/16"}}, "192.0.2.1", config));
}

TEST(IpAccessAnnotations, AMistypedListDoesNotOpenTheDoor) {
  EXPECT_EQ(outcome({{"allowlist-source-range", "10.0.0.0/88"}}), "503 allowlist-source-range-invalid");
  EXPECT_EQ(outcome({{"whitelist-source-range", "office"}}), "503 allowlist-source-range-invalid");
  EXPECT_EQ(outcome({{"denylist-source-range", "10.0.0.0/8,"}}), "503 denylist-source-range-invalid");
}

TEST(IpAccessAnnotations, AMistypedListDoesNotOpenTheDoorWithoutValidationEither) {
  ReadOptions options;
  options.validate = false;
  for (const char* list : {"office", ",", "10.0.0.0/8,office"}) {
    const ReadResult result = read({{"denylist-source-range", list}}, settings(), options);
    EXPECT_EQ(result.policies.deny.reason, "denylist-source-range-invalid") << list;
  }
}

TEST(IpAccessAnnotations, AnEmptyListDeniesUnderItsPrimaryNameOnly) {
  EXPECT_EQ(outcome({{"allowlist-source-range", ""}}), "503 allowlist-source-range-invalid");
  EXPECT_EQ(outcome({{"denylist-source-range", " "}}), "503 denylist-source-range-invalid");
  EXPECT_EQ(outcome({{"whitelist-source-range", ""}}), "ok");
}

TEST(IpAccessAnnotations, TheAliasIsReadWhenThePrimaryIsEmpty) {
  EXPECT_FALSE(admits({{"allowlist-source-range", ""}, {"whitelist-source-range", "10.0.0.0/8"}}, "11.0.0.1"));
  EXPECT_TRUE(admits({{"allowlist-source-range", "10.0.0.0/8"}, {"whitelist-source-range", "bad"}}, "10.0.0.1"));
}

}  // namespace
}  // namespace weir::features
