#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(CorsAnnotations, AreServedWithAWarning) {
  EXPECT_EQ(outcome({{"enable-cors", "true"}}), "warning annotation-planned enable-cors\n");
  EXPECT_EQ(outcome({{"enable-cors", "false"}}), "ok");
  for (const auto& [key, value] : testing::Keys{{"cors-allow-origin", "https://*.a.example:8080, http://b, null,"},
                                                {"cors-allow-methods", "GET, PUT"},
                                                {"cors-allow-headers", "X-A, X_B"},
                                                {"cors-expose-headers", "*, X-A"},
                                                {"cors-allow-credentials", "false"},
                                                {"cors-max-age", "5"}}) {
    EXPECT_EQ(outcome({{key, value}}), "warning annotation-planned " + key + "\n");
  }
}

TEST(CorsAnnotations, ABadOriginNeverBecomesEveryOrigin) {
  for (const char* bad : {"https://a.example/path", "HTTPS://a", "*,https://a", "https://a;b", "https://a:x"}) {
    EXPECT_EQ(outcome({{"enable-cors", "true"}, {"cors-allow-origin", bad}}), "503 cors-allow-origin-invalid") << bad;
  }
  EXPECT_EQ(outcome({{"cors-allow-origin", "https://a;b"}}), "warning annotation-invalid cors-allow-origin\n");
}

TEST(CorsAnnotations, OtherBadValuesFallBack) {
  for (const auto& [key, value] : testing::Keys{{"enable-cors", "on"},
                                                {"cors-allow-methods", "GET;PUT"},
                                                {"cors-allow-headers", "X:A"},
                                                {"cors-expose-headers", "a/b"},
                                                {"cors-allow-credentials", "x"},
                                                {"cors-max-age", "1d"}}) {
    EXPECT_EQ(outcome({{key, value}}), "warning annotation-invalid " + key + "\n");
  }
}

}  // namespace
}  // namespace weir::features
