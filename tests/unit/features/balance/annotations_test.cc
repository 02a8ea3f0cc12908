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

TEST(BalanceAnnotations, KnowThreeAlgorithms) {
  for (const char* name : {"round_robin", "ewma", "least_conn"}) {
    EXPECT_EQ(outcome({{"load-balance", name}}), "ok") << name;
    EXPECT_EQ(read({{"load-balance", name}}).policies.balance.algorithm, name);
    EXPECT_EQ(settings({{"load-balance", name}}).defaults.balance.algorithm, name);
  }
  EXPECT_EQ(outcome({{"load-balance", "EWMA"}}), "ING");
  EXPECT_EQ(outcome({{"load-balance", "ip_hash"}}), "ING");
  EXPECT_EQ(settings({{"load-balance", "ip_hash"}}).defaults.balance.algorithm, "");
}

// Spec 3.4: a run-time error in the original.
TEST(BalanceAnnotations, NamesOfOtherAnnotationsMeanRoundRobin) {
  for (const char* name : {"chash", "chashsubset", "sticky_balanced", "sticky_persistent"}) {
    EXPECT_EQ(outcome({{"load-balance", name}}), "warning annotation-invalid load-balance\n") << name;
    EXPECT_EQ(read({{"load-balance", name}}).policies.balance.algorithm, "round_robin") << name;
  }
}

}  // namespace
}  // namespace weir::features
