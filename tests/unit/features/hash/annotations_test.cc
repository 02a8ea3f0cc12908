#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::outcome;
using testing::read;

TEST(HashAnnotations, AreReadIntoThePolicy) {
  const ReadResult result = read({{"upstream-hash-by", "${remote_addr}$http_user_agent"},
                                  {"upstream-hash-by-subset", "true"},
                                  {"upstream-hash-by-subset-size", "5"}});

  EXPECT_EQ(testing::lines(result), "");
  EXPECT_EQ(result.policies.hash, (HashPolicy{"${remote_addr}$http_user_agent", true, 5}));
  EXPECT_EQ(read({{"upstream-hash-by-subset-size", "0"}}).policies.hash.subset_size, 3);
}

TEST(HashAnnotations, BadValues) {
  EXPECT_EQ(outcome({{"upstream-hash-by", "$a;"}}), "ING");
  EXPECT_EQ(outcome({{"upstream-hash-by-subset", "x"}}), "ING");
  EXPECT_EQ(outcome({{"upstream-hash-by-subset-size", "x"}}), "ING");
  EXPECT_EQ(outcome({{"upstream-hash-by-subset-size", "-2"}}),
            "warning annotation-invalid upstream-hash-by-subset-size\n");
  EXPECT_EQ(read({{"upstream-hash-by-subset-size", "-2"}}).policies.hash.subset_size, 3);
}

TEST(HashAnnotations, AnUnknownVariableIsNamedAndIsEmpty) {
  EXPECT_EQ(outcome({{"upstream-hash-by", "$nosuch"}}), "warning annotation-invalid upstream-hash-by\n");
  EXPECT_EQ(read({{"upstream-hash-by", "$nosuch"}}).policies.hash.by, "$nosuch");
}

}  // namespace
}  // namespace weir::features
