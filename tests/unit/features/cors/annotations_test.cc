#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::Keys;
using testing::lines;
using testing::outcome;
using testing::read;

CorsPolicy cors(const Keys& keys) {
  Keys all = keys;
  all["enable-cors"] = "true";
  return read(all).policies.cors;
}

bool accepts(const std::string& list, std::string_view origin) {
  return cors({{"cors-allow-origin", list}}).accepts(origin);
}

TEST(CorsAnnotations, AreOffUntilSwitchedOn) {
  EXPECT_FALSE(read({}).policies.cors.enabled);
  EXPECT_FALSE(read({{"enable-cors", "false"}, {"cors-max-age", "5"}}).policies.cors.enabled);
  EXPECT_TRUE(cors({}).enabled);
  EXPECT_TRUE(cors({}).any_origin);
}

TEST(CorsAnnotations, ValuesAreTakenAsWritten) {
  const CorsPolicy policy = cors({{"cors-allow-methods", "GET,  PUT"},
                                  {"cors-allow-headers", "X-A, X_B"},
                                  {"cors-expose-headers", "*, X-A"},
                                  {"cors-allow-credentials", "false"},
                                  {"cors-max-age", "-1"}});

  EXPECT_EQ(policy.allow_methods, "GET,  PUT");
  EXPECT_EQ(policy.allow_headers, "X-A, X_B");
  EXPECT_EQ(policy.expose_headers, "*, X-A");
  EXPECT_FALSE(policy.allow_credentials);
  EXPECT_EQ(policy.max_age, -1);
}

TEST(CorsAnnotations, AnOriginIsComparedAsAWholeInAnyCase) {
  EXPECT_TRUE(accepts("https://a.example", "https://A.example"));
  EXPECT_FALSE(accepts("https://a.example", "http://a.example"));
  EXPECT_FALSE(accepts("https://a.example", "https://a.example:8443"));
  EXPECT_TRUE(accepts("https://a.example:8443", "https://a.example:8443"));
  EXPECT_FALSE(accepts("https://a.example", "https://a.example.evil"));
  EXPECT_FALSE(accepts("http://a.example", "evilhttp://a.example"));  // the original does not look at the start
  EXPECT_FALSE(accepts("https://a.example", "https://aXexample"));
  EXPECT_FALSE(accepts("https://a.example", ""));
}

TEST(CorsAnnotations, AStarStandsForOneLabel) {
  EXPECT_TRUE(accepts("https://*.a.example", "https://x-1.a.example"));
  EXPECT_FALSE(accepts("https://*.a.example", "https://x.y.a.example"));
  EXPECT_FALSE(accepts("https://*.a.example", "https://.a.example"));
  EXPECT_FALSE(accepts("https://*.a.example", "https://a.example"));
  EXPECT_FALSE(accepts("https://*.a.example", "https://evil.example/.a.example"));
}

TEST(CorsAnnotations, ListsMayHoldBlanksNullAndCustomSchemes) {
  const std::string list = "https://a.example, , null,app://x";
  EXPECT_TRUE(accepts(list, "null"));
  EXPECT_TRUE(accepts(list, "app://x"));
  EXPECT_TRUE(accepts(list, "https://a.example"));
  EXPECT_FALSE(accepts(list, "https://b.example"));
}

TEST(CorsAnnotations, AListWithoutASchemeSwitchesCorsOff) {
  EXPECT_FALSE(cors({{"cors-allow-origin", "a.example"}}).enabled);
  EXPECT_EQ(outcome({{"enable-cors", "true"}, {"cors-allow-origin", "a.example"}}),
            "warning annotation-invalid cors-allow-origin\n");
  EXPECT_TRUE(accepts("a.example, https://b.example", "https://b.example"));
  EXPECT_FALSE(accepts("a.example, https://b.example", "https://a.example"));
}

TEST(CorsAnnotations, ABadOriginNeverBecomesEveryOrigin) {
  for (const char* bad : {"https://a.example/path", "HTTPS://a", "*,https://a", "https://a;b", "https://a:x"}) {
    EXPECT_EQ(outcome({{"enable-cors", "true"}, {"cors-allow-origin", bad}}), "503 cors-allow-origin-invalid") << bad;
  }
  EXPECT_EQ(outcome({{"cors-allow-origin", "https://a;b"}}), "warning annotation-invalid cors-allow-origin\n");
}

TEST(CorsAnnotations, ABadOriginNeverBecomesEveryOriginWithoutValidationEither) {
  ReadOptions options;
  options.validate = false;
  const ReadResult result =
      read({{"enable-cors", "true"}, {"cors-allow-origin", "https://a;b"}}, testing::settings(), options);

  EXPECT_EQ(result.policies.deny.reason, "cors-allow-origin-invalid");
}

TEST(CorsAnnotations, OtherBadValuesFallBack) {
  for (const auto& [key, value] : Keys{{"enable-cors", "on"},
                                       {"cors-allow-methods", "GET;PUT"},
                                       {"cors-allow-headers", "X:A"},
                                       {"cors-expose-headers", "a/b"},
                                       {"cors-allow-credentials", "x"},
                                       {"cors-max-age", "99999999999999"}}) {
    EXPECT_EQ(outcome({{key, value}}), "warning annotation-invalid " + key + "\n");
    EXPECT_EQ(read({{key, value}}).policies.cors, CorsPolicy{}) << key;
  }
}

}  // namespace
}  // namespace weir::features
