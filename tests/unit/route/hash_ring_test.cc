#include "weir/route/hash_ring.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace weir::route {
namespace {

// Expected values: zlib and MD5 of Python's standard library, from the definition in spec 3.3 and 3.4.
TEST(HashRing, PlacesKeysAsTheOriginal) {
  const HashRing ring({"10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"});

  EXPECT_EQ(ring.find(""), 0u);
  EXPECT_EQ(ring.find("/a"), 0u);
  EXPECT_EQ(ring.find("/b"), 1u);
  EXPECT_EQ(ring.find("/c"), 2u);
  EXPECT_EQ(ring.find("10.1.2.3"), 0u);
  EXPECT_EQ(ring.find(std::string(50, 'x')), 2u);
}

TEST(HashRing, OneNodeOwnsEverything) {
  const HashRing ring({"10.0.0.1:8080"});

  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ring.find(std::to_string(i)), 0u);
}

TEST(HashRing, ALostNodeMovesOnlyItsOwnKeys) {
  const std::vector<std::string> all = {"10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.4:80"};
  const HashRing before(all);
  const HashRing after({all[0], all[1], all[2]});

  std::map<std::size_t, int> taken;
  for (int i = 0; i < 4000; ++i) {
    const std::string key = "/item/" + std::to_string(i);
    const std::size_t old = before.find(key);
    if (old == 3) {
      ++taken[after.find(key)];
    } else {
      EXPECT_EQ(after.find(key), old) << key;
    }
  }
  EXPECT_EQ(taken.size(), 3u);  // the lost one's share goes to all others
}

TEST(HashRing, SubsetsAreCutInOrderAndTheLastIsFilledFromTheBeginning) {
  EXPECT_EQ(subset_count(7, 3), 3u);
  EXPECT_EQ(subset_count(6, 3), 2u);
  EXPECT_EQ(subset_count(2, 3), 1u);
  EXPECT_EQ(subset_member(0, 2, 7, 3), 2u);
  EXPECT_EQ(subset_member(2, 0, 7, 3), 6u);
  EXPECT_EQ(subset_member(2, 1, 7, 3), 0u);
  EXPECT_EQ(subset_member(2, 2, 7, 3), 1u);
  EXPECT_EQ(subset_member(0, 2, 2, 3), 0u);
}

TEST(HashRing, AffinityTextsAreThoseOfTheOriginal) {
  EXPECT_EQ(affinity_id("default-web-80"), "6cde5721ec2c7e2bce07cff7d0e4ac37");
  EXPECT_EQ(affinity_key("default-web-80", "10.0.0.1:8080"), "0aa3b49d3795ad62718deaa56ec75fae");
}

}  // namespace
}  // namespace weir::route
