#include "weir/model/accept.h"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

kube::Metadata meta(const std::string& ns, const std::string& name, std::int64_t created = 0) {
  kube::Metadata result;
  result.ns = ns;
  result.name = name;
  result.created = created;
  return result;
}

TEST(ProcessingOrder, OlderObjectsComeFirst) {
  EXPECT_TRUE(processed_before(meta("a", "a", 1), meta("z", "z", 2)));
  EXPECT_FALSE(processed_before(meta("z", "z", 2), meta("a", "a", 1)));
}

TEST(ProcessingOrder, AnAbsentTimeCountsAsOldest) {
  EXPECT_TRUE(processed_before(meta("a", "a"), meta("z", "z", 1)));
}

TEST(ProcessingOrder, EqualTimesGoByDescendingName) {
  EXPECT_TRUE(processed_before(meta("a", "y"), meta("a", "x")));
  EXPECT_TRUE(processed_before(meta("b", "a"), meta("a", "z")));
  EXPECT_FALSE(processed_before(meta("a", "x"), meta("a", "x")));
}

TEST(ProcessingOrder, NamesAreComparedAsOneTextWithTheNamespace) {
  // "a/x" > "a-b/x", because '/' stands behind '-'; the pair (a, x) would be smaller than (a-b, x).
  EXPECT_TRUE(processed_before(meta("a", "x"), meta("a-b", "x")));
  EXPECT_FALSE(processed_before(meta("a-b", "x"), meta("a", "x")));
  EXPECT_TRUE(processed_before(meta("ab", "x"), meta("a", "x")));
}

}  // namespace
}  // namespace weir::model
