#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(BalanceAnnotations, OverrideTheConfigMap) {
  const Settings from = settings({{"service-upstream", "true"}});

  EXPECT_TRUE(read({}, from).policies.balance.service_upstream);
  EXPECT_FALSE(read({{"service-upstream", "false"}}, from).policies.balance.service_upstream);
  EXPECT_TRUE(read({{"service-upstream", "true"}}).policies.balance.service_upstream);
  EXPECT_EQ(read({{"load-balance", "round_robin"}}).policies.balance.algorithm, "round_robin");
}

TEST(BalanceAnnotations, ABadServiceUpstreamMeansFalse) {
  const Settings from = settings({{"service-upstream", "true"}});

  EXPECT_FALSE(read({{"service-upstream", "yes"}}, from).policies.balance.service_upstream);
  EXPECT_EQ(outcome({{"service-upstream", "yes"}}), "warning annotation-invalid service-upstream\n");
}

TEST(BalanceAnnotations, OtherAlgorithmsAreNamedAsPlanned) {
  EXPECT_EQ(outcome({{"load-balance", "round_robin"}}), "ok");
  EXPECT_EQ(outcome({{"load-balance", "ewma"}}), "warning annotation-planned load-balance\n");
  EXPECT_EQ(outcome({{"load-balance", "EWMA"}}), "ING");
  EXPECT_EQ(outcome({{"load-balance", "least_conn"}}), "ING");
}

}  // namespace
}  // namespace weir::features
