#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(AccessLogAnnotations, SwitchTheLogOfALocation) {
  EXPECT_TRUE(read({}).policies.access_log.enabled);
  EXPECT_FALSE(read({{"enable-access-log", "false"}}).policies.access_log.enabled);
  EXPECT_TRUE(read({{"enable-access-log", "off"}}).policies.access_log.enabled);
  EXPECT_EQ(outcome({{"enable-access-log", "off"}}), "warning annotation-invalid enable-access-log\n");
}

TEST(AccessLogAnnotations, TheRewriteLogHasNoEffect) {
  EXPECT_EQ(outcome({{"enable-rewrite-log", "true"}}), "info annotation-noop enable-rewrite-log\n");
  EXPECT_EQ(outcome({{"enable-rewrite-log", "x"}}), "warning annotation-invalid enable-rewrite-log\n");
}

}  // namespace
}  // namespace weir::features
