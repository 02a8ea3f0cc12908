#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::Keys;
using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(AuthAnnotations, TheUrlOfAServiceIsHttpOrHttps) {
  EXPECT_EQ(outcome({{"auth-url", "https://auth.example/verify?x=$host"}}), "ok");
  EXPECT_EQ(outcome({{"auth-url", "ftp://auth.example/verify"}}), "503 auth-url-invalid");
}

TEST(AuthAnnotations, ExternalAuthenticationIsReadIntoThePolicy) {
  const ExternalAuthPolicy policy = read({{"auth-url", "http://auth.example/verify?x=$host"},
                                          {"auth-method", "POST"},
                                          {"auth-signin", "https://x/start"},
                                          {"auth-signin-redirect-param", "to"},
                                          {"auth-response-headers", "X-User, X-Email"},
                                          {"auth-proxy-set-headers", "ns/map"},
                                          {"auth-request-redirect", "https://x/"},
                                          {"auth-cache-key", "$remote_user"},
                                          {"auth-cache-duration", "200 401 5m, 10s"},
                                          {"auth-always-set-cookie", "true"}})
                                        .policies.external_auth;

  EXPECT_EQ(policy.url.source(), "http://auth.example/verify?x=$host");
  EXPECT_EQ(policy.method, "POST");
  EXPECT_EQ(policy.signin.source(), "https://x/start");
  EXPECT_EQ(policy.signin_param, "to");
  EXPECT_EQ(policy.response_headers, (std::vector<std::string>{"X-User", "X-Email"}));
  EXPECT_EQ(policy.headers_map, "ns/map");
  EXPECT_EQ(policy.request_redirect, "https://x/");
  EXPECT_EQ(policy.cache_key.source(), "$remote_user");
  ASSERT_EQ(policy.cache.size(), 2u);
  EXPECT_EQ(policy.cache[0], (AuthCacheRule{{200, 401}, std::chrono::seconds(300)}));
  EXPECT_EQ(policy.cache[1], (AuthCacheRule{{200, 301, 302}, std::chrono::seconds(10)}));
  EXPECT_TRUE(policy.always_set_cookie);
}

TEST(AuthAnnotations, AnAuthUrlOfItsOwnTakesNothingFromTheConfigMap) {
  const Settings from =
      settings({{"global-auth-url", "http://all.example/"}, {"global-auth-signin", "https://login/"}});

  EXPECT_EQ(read({}, from).policies.external_auth.url.source(), "http://all.example/");
  EXPECT_TRUE(read({{"auth-url", "http://own.example/"}}, from).policies.external_auth.signin.empty());
  EXPECT_FALSE(read({{"enable-global-auth", "false"}}, from).policies.external_auth.on());
  EXPECT_TRUE(
      read({{"enable-global-auth", "true"}, {"auth-method", "POST"}}, from).policies.external_auth.method.empty());
}

TEST(AuthAnnotations, AMethodWithBlanksNeverGetsIntoARequestLine) {
  EXPECT_EQ(outcome({{"auth-url", "http://a/"}, {"auth-method", "G ET"}}), "503 auth-method-invalid");
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

TEST(AuthAnnotations, WhatIsAcceptedButNotExactlyBasicIsDigest) {
  for (const char* type : {"digest", "basicx", "a digest"}) {
    const ReadResult result = read({{"auth-type", type}, {"auth-secret", "users"}});
    EXPECT_TRUE(result.policies.auth.digest) << type;
    EXPECT_FALSE(result.policies.auth.basic) << type;
    EXPECT_FALSE(result.policies.deny.denied()) << type;
  }
  EXPECT_EQ(outcome({{"auth-type", "digest"}}), "503 auth-secret-invalid");
  EXPECT_EQ(outcome({{"auth-type", "Digest"}, {"auth-secret", "users"}}), "ING");
}

TEST(AuthAnnotations, WithoutATypeTheRestOfBasicAuthenticationProtectsNothing) {
  EXPECT_FALSE(read({{"auth-secret", "ns/users"}, {"auth-realm", "x"}}).policies.auth.basic);
}

TEST(AuthAnnotations, AnAuthUrlWhoseHostCannotBeClosesThePaths) {
  for (const char* bad : {"http://a b/", "http://a:b/", "http://a:65536/", "http://a:99999999999999999999/x"}) {
    EXPECT_EQ(outcome({{"auth-url", bad}}), "503 auth-url-invalid") << bad;
  }
  for (const char* good : {"http://a/", "http://a:/", "http://a:65535/", "http://$host:$server_port/"}) {
    EXPECT_EQ(outcome({{"auth-url", good}}), "ok") << good;
  }
}

TEST(AuthAnnotations, WithoutAuthUrlNothingIsAsked) {
  for (const auto& [key, value] : testing::Keys{{"auth-method", "GET"},
                                                {"auth-signin", "https://x/start?rd=$escaped_request_uri"},
                                                {"auth-signin-redirect-param", "to"},
                                                {"auth-response-headers", "X-User, X-Email"},
                                                {"auth-proxy-set-headers", "ns/map"},
                                                {"auth-request-redirect", "https://x/"},
                                                {"auth-cache-key", "$remote_user"},
                                                {"auth-cache-duration", "200 401 5m, 10s"},
                                                {"auth-always-set-cookie", "true"},
                                                {"enable-global-auth", "false"}}) {
    EXPECT_EQ(outcome({{key, value}}), "ok") << key;
    EXPECT_FALSE(read({{key, value}}).policies.external_auth.on()) << key;
  }
  EXPECT_EQ(outcome({{"enable-global-auth", "true"}}), "ok");
}

TEST(AuthAnnotations, BadValuesOfBasicAuthentication) {
  EXPECT_EQ(outcome({{"auth-type", "Basic"}}), "ING");
  EXPECT_EQ(outcome({{"auth-type", "basic"}, {"auth-secret-type", "file"}}), "ING");
  EXPECT_EQ(outcome({{"auth-type", "basic"}, {"auth-realm", "quote\""}}), "ING");
  for (const char* secret : {"a b;", "", "a/b/c", "/a", "a/"}) {
    EXPECT_EQ(outcome({{"auth-type", "basic"}, {"auth-secret", secret}}), "503 auth-secret-invalid") << secret;
  }
  EXPECT_EQ(outcome({{"auth-type", "basic"}, {"auth-secret", "a"}, {"auth-secret-type", "auth-filex"}}),
            "503 auth-secret-type-invalid");
  EXPECT_EQ(outcome({{"satisfy", "Any"}}), "warning annotation-invalid satisfy\n");
}

TEST(AuthAnnotations, WithoutAuthTypeNobodyReadsTheOthers) {
  EXPECT_EQ(outcome({{"auth-secret-type", "file"}}), "warning annotation-invalid auth-secret-type\n");
  EXPECT_EQ(outcome({{"auth-realm", "quote\""}}), "warning annotation-invalid auth-realm\n");
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
