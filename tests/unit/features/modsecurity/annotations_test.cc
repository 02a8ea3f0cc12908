#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(ModsecurityAnnotations, CloseWhenTrue) {
  EXPECT_EQ(outcome({{"enable-modsecurity", "true"}}), "503 enable-modsecurity-planned");
  EXPECT_EQ(outcome({{"enable-owasp-core-rules", "true"}}), "503 enable-owasp-core-rules-planned");
  EXPECT_EQ(outcome({{"enable-modsecurity", "false"}, {"enable-owasp-core-rules", "0"}}), "ok");
}

TEST(ModsecurityAnnotations, TheRestIsServedWithAWarning) {
  EXPECT_EQ(outcome({{"enable-modsecurity", "on"}}), "warning annotation-invalid enable-modsecurity\n");
  EXPECT_EQ(outcome({{"modsecurity-transaction-id", "$request_id"}}),
            "warning annotation-planned modsecurity-transaction-id\n");
}

}  // namespace
}  // namespace weir::features
