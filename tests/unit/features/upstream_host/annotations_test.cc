#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(UpstreamHostAnnotations, SetTheHost) {
  EXPECT_EQ(read({{"upstream-vhost", "$service_name.$namespace.svc:80"}}).policies.upstream_host.value,
            "$service_name.$namespace.svc:80");
  EXPECT_EQ(read({{"upstream-vhost", " a[b "}}).policies.upstream_host.value, "a[b");
  EXPECT_EQ(read({}).policies.upstream_host.value, "");
}

TEST(UpstreamHostAnnotations, BadValues) {
  EXPECT_EQ(outcome({{"upstream-vhost", "a b"}}), "ING");
  EXPECT_EQ(outcome({{"upstream-vhost", "a;b"}}), "ING");
  EXPECT_EQ(outcome({{"upstream-vhost", "$nosuch"}}), "503 upstream-vhost-invalid");
}

}  // namespace
}  // namespace weir::features
