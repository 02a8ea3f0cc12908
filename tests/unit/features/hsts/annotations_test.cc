#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(HstsAnnotations, OverrideTheConfigMap) {
  const Settings from = settings({{"hsts", "false"}, {"hsts-max-age", "60"}, {"hsts-preload", "true"}});

  EXPECT_EQ(read({}, from).policies.hsts, (HstsPolicy{false, true, true, "60"}));
  EXPECT_EQ(
      read({{"hsts", "true"}, {"hsts-max-age", "5"}, {"hsts-include-subdomains", "false"}, {"hsts-preload", "0"}}, from)
          .policies.hsts,
      (HstsPolicy{true, false, false, "5"}));
  EXPECT_EQ(read({}).policies.hsts, HstsPolicy{});
}

TEST(HstsAnnotations, BadValuesFallBack) {
  EXPECT_EQ(outcome({{"hsts", "on"}}), "warning annotation-invalid hsts\n");
  EXPECT_EQ(outcome({{"hsts-max-age", "-1"}}), "warning annotation-invalid hsts-max-age\n");
  EXPECT_EQ(read({{"hsts-max-age", "1; preload"}}).policies.hsts.max_age, "31536000");
}

TEST(HstsPolicy, HeaderValueHasItsPartsInOrder) {
  EXPECT_EQ(header_value(HstsPolicy{}), "max-age=31536000; includeSubDomains");
  EXPECT_EQ(header_value(HstsPolicy{true, true, true, "1"}), "max-age=1; includeSubDomains; preload");
  EXPECT_EQ(header_value(HstsPolicy{true, false, false, "1"}), "max-age=1");
}

}  // namespace
}  // namespace weir::features
