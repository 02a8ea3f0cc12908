// Features that are planned and protect nothing: served with a warning, or refused by their validators.
#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::Keys;
using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(PlannedAnnotations, AreServedWithAWarning) {
  for (const auto& [key, value] : Keys{{"fastcgi-index", "index.php"},
                                       {"fastcgi-params-configmap", "ns/map"},
                                       {"enable-opentelemetry", "true"},
                                       {"opentelemetry-trust-incoming-span", "false"},
                                       {"opentelemetry-operation-name", "op"}}) {
    const ReadResult result = read({{key, value}});

    EXPECT_EQ(lines(result), "warning annotation-planned " + key + "\n");
    EXPECT_EQ(result.policies, settings().defaults) << key;
    EXPECT_TRUE(result.used.empty()) << key;
  }
}

TEST(PlannedAnnotations, ValuesThatAskForNothingAreQuiet) {
  EXPECT_EQ(outcome({{"enable-opentelemetry", "false"}}), "ok");
}

TEST(PlannedAnnotations, BadValuesThatRefuse) {
  for (const auto& [key, value] :
       Keys{{"fastcgi-index", "a/b"}, {"fastcgi-params-configmap", "a;b"}, {"opentelemetry-operation-name", "a.b"}}) {
    EXPECT_EQ(outcome({{"enable-opentelemetry", "true"}, {key, value}}), "ING") << key;
  }
}

TEST(PlannedAnnotations, BadValuesThatFallBack) {
  for (const auto& [key, value] : Keys{{"custom-headers", "a;"}, {"enable-opentelemetry", "x"}}) {
    EXPECT_EQ(outcome({{key, value}}), "warning annotation-invalid " + key + "\n");
  }
}

TEST(SslAnnotations, PassthroughIsReadAndABadValueRefusesTheObject) {
  EXPECT_TRUE(read({{"ssl-passthrough", "true"}}).policies.ssl.passthrough);
  EXPECT_FALSE(read({{"ssl-passthrough", "false"}}).policies.ssl.passthrough);
  EXPECT_FALSE(read({}).policies.ssl.passthrough);
  EXPECT_EQ(outcome({{"ssl-passthrough", "x"}}), "ING");
}

TEST(SslAnnotations, CiphersAndTheirOrderAreRead) {
  const SslPolicy ssl =
      read({{"ssl-ciphers", "HIGH:!aNULL:@STRENGTH:@SECLEVEL=2"}, {"ssl-prefer-server-ciphers", "false"}}).policies.ssl;
  EXPECT_EQ(ssl.ciphers, "HIGH:!aNULL:@STRENGTH:@SECLEVEL=2");
  EXPECT_EQ(ssl.prefer_server_ciphers, std::optional<bool>(false));
  EXPECT_EQ(outcome({{"ssl-ciphers", "HIGH;"}}), "ING");
  EXPECT_EQ(outcome({{"ssl-prefer-server-ciphers", "on"}}), "warning annotation-invalid ssl-prefer-server-ciphers\n");
}

}  // namespace
}  // namespace weir::features
