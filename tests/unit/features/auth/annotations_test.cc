#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::Keys;
using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(AuthAnnotations, WhatAsksForProtectionCloses) {
  EXPECT_EQ(outcome({{"auth-url", "https://auth.example/verify?x=$host"}}), "503 auth-url-planned");
}

TEST(AuthAnnotations, BasicAuthenticationIsReadIntoThePolicy) {
  const Keys keys{{"auth-type", "basic"},
                  {"auth-secret", "ns/users"},
                  {"auth-secret-type", "auth-map"},
                  {"auth-realm", "Some realm"},
                  {"satisfy", "any"}};
  const AuthPolicy policy = read(keys).policies.auth;

  EXPECT_EQ(outcome(keys), "ok");
  EXPECT_TRUE(policy.basic);
  EXPECT_EQ(policy.secret, "ns/users");
  EXPECT_TRUE(policy.map);
  EXPECT_EQ(policy.realm, "Some realm");
  EXPECT_TRUE(policy.any);
  EXPECT_EQ(policy.users, nullptr);
  EXPECT_EQ(read({}).policies.auth, AuthPolicy{});
}

TEST(AuthAnnotations, BasicAuthenticationWithoutASecretCloses) {
  EXPECT_EQ(outcome({{"auth-type", "basic"}}), "503 auth-secret-invalid");
}

TEST(AuthAnnotations, DigestAuthenticationCloses) {
  EXPECT_EQ(outcome({{"auth-type", "digest"}, {"auth-secret", "users"}}), "503 auth-type-invalid");
  EXPECT_EQ(outcome({{"auth-type", "basicx"}, {"auth-secret", "users"}}), "503 auth-type-invalid");
}

TEST(AuthAnnotations, WithoutATypeTheRestOfBasicAuthenticationProtectsNothing) {
  EXPECT_FALSE(read({{"auth-secret", "ns/users"}, {"auth-realm", "x"}}).policies.auth.basic);
}

TEST(AuthAnnotations, WhatProtectsNothingByItselfIsServedWithAWarning) {
  for (const auto& [key, value] : testing::Keys{{"auth-method", "GET"},
                                                {"auth-signin", "https://x/start?rd=$escaped_request_uri"},
                                                {"auth-signin-redirect-param", "to"},
                                                {"auth-response-headers", "X-User, X-Email"},
                                                {"auth-proxy-set-headers", "ns/map"},
                                                {"auth-request-redirect", "https://x/"},
                                                {"auth-cache-key", "$remote_user"},
                                                {"auth-cache-duration", "200 401 5m, 10s"},
                                                {"auth-always-set-cookie", "true"},
                                                {"auth-keepalive", "5"},
                                                {"auth-keepalive-share-vars", "true"},
                                                {"auth-keepalive-requests", "5"},
                                                {"auth-keepalive-timeout", "5"},
                                                {"enable-global-auth", "false"}}) {
    EXPECT_EQ(outcome({{key, value}}), "warning annotation-planned " + key + "\n");
  }
  EXPECT_EQ(outcome({{"enable-global-auth", "true"}}), "ok");
}

TEST(AuthAnnotations, BadValuesOfBasicAuthentication) {
  EXPECT_EQ(outcome({{"auth-type", "Basic"}}), "ING");
  EXPECT_EQ(outcome({{"auth-secret-type", "file"}}), "ING");
  EXPECT_EQ(outcome({{"auth-realm", "quote\""}}), "ING");
  for (const char* secret : {"a b;", "", "a/b/c", "/a", "a/"}) {
    EXPECT_EQ(outcome({{"auth-type", "basic"}, {"auth-secret", secret}}), "503 auth-secret-invalid") << secret;
  }
  EXPECT_EQ(outcome({{"auth-type", "basic"}, {"auth-secret", "a"}, {"auth-secret-type", "auth-filex"}}),
            "503 auth-secret-type-invalid");
  EXPECT_EQ(outcome({{"satisfy", "Any"}}), "warning annotation-invalid satisfy\n");
}

TEST(AuthAnnotations, TheRealmOffNeverOpens) {
  const ReadResult result = read({{"auth-type", "basic"}, {"auth-secret", "users"}, {"auth-realm", "off"}});

  EXPECT_TRUE(result.policies.deny.denied());
  EXPECT_EQ(lines(result), "warning annotation-denies auth-realm\n");
}

TEST(AuthAnnotations, BadValuesOfExternalAuthenticationNeverOpen) {
  EXPECT_EQ(outcome({{"auth-url", "https://x/;"}}), "ING");
  EXPECT_EQ(outcome({{"auth-url", "auth.example/verify"}}), "503 auth-url-invalid");
  EXPECT_EQ(outcome({{"auth-url", "https:///verify"}}), "503 auth-url-invalid");
  EXPECT_EQ(outcome({{"auth-url", "https://a..b/verify"}}), "503 auth-url-invalid");
  EXPECT_EQ(outcome({{"auth-url", ""}}), "503 auth-url-invalid");
  for (const auto& [key, value] : testing::Keys{{"auth-method", "get"},
                                                {"auth-response-headers", "X User"},
                                                {"auth-request-redirect", "https://x/$uri"},
                                                {"auth-cache-duration", "5 minutes"},
                                                {"auth-cache-duration", "x;"},
                                                {"auth-always-set-cookie", "yes"}}) {
    const ReadResult result = read({{"auth-url", "https://a/"}, {key, value}});

    EXPECT_TRUE(result.policies.deny.denied()) << key;
    EXPECT_NE(lines(result).find("warning annotation-denies " + key), std::string::npos) << lines(result);
  }
}

TEST(AuthAnnotations, BadComfortValuesFallBack) {
  EXPECT_EQ(outcome({{"auth-signin", "https://x/{}"}}), "warning annotation-invalid auth-signin\n");
  EXPECT_EQ(outcome({{"auth-keepalive", "many"}}), "warning annotation-invalid auth-keepalive\n");
  EXPECT_EQ(outcome({{"auth-always-set-cookie", "yes"}}), "warning annotation-invalid auth-always-set-cookie\n");
}

}  // namespace
}  // namespace weir::features
