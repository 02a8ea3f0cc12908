#include "weir/upstream/address_ids.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace weir::upstream {
namespace {

const base::IpAddress kAddress = *base::parse_ip("198.18.0.1");

TEST(AddressIds, AnAddressKeepsItsIdAndAnotherPortOrNameHasAnother) {
  AddressIds ids([] {});
  const route::EndpointId plain = ids.of(kAddress, 443);

  EXPECT_GE(plain, AddressIds::kFirst);
  EXPECT_EQ(ids.of(kAddress, 443), plain);
  EXPECT_NE(ids.of(kAddress, 80), plain);
  const route::EndpointId named = ids.of(kAddress, 443, "a.example");
  EXPECT_NE(named, plain);
  EXPECT_EQ(ids.of(kAddress, 443, "a.example"), named);
  EXPECT_NE(ids.of(kAddress, 443, "b.example"), named);
}

TEST(AddressIds, TheLongestUnusedIsForgottenAndItsIdNotUsedAgain) {
  AddressIds ids([] {});
  const route::EndpointId used = ids.of(kAddress, 1, "used");
  const route::EndpointId unused = ids.of(kAddress, 1, "unused");
  std::set<route::EndpointId> given{used, unused};
  for (std::size_t i = 0; i < 2 * AddressIds::kMost; ++i) {
    EXPECT_TRUE(given.insert(ids.of(kAddress, 1, "n" + std::to_string(i))).second);
    EXPECT_EQ(ids.of(kAddress, 1, "used"), used);
  }

  EXPECT_EQ(ids.size(), AddressIds::kMost);
  EXPECT_TRUE(given.insert(ids.of(kAddress, 1, "unused")).second);
}

TEST(AddressIds, WhenAllIdsWereUsedItSaysSoAndBeginsAgain) {
  int rounds = 0;
  AddressIds ids([&rounds] { ++rounds; }, 0xfffffffeu);

  EXPECT_EQ(ids.of(kAddress, 1), 0xfffffffeu);
  EXPECT_EQ(rounds, 0);
  EXPECT_EQ(ids.of(kAddress, 2), 0xffffffffu);
  EXPECT_EQ(rounds, 1);
  EXPECT_EQ(ids.of(kAddress, 1), AddressIds::kFirst);
  EXPECT_EQ(ids.size(), 1u);
}

}  // namespace
}  // namespace weir::upstream
