#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

AuthTlsPolicy policy_of(const char* key, const char* value) {
  return read({{"auth-tls-secret", "ns/ca"}, {key, value}}).policies.auth_tls;
}

std::string outcome_of(const char* key, const char* value) {
  return outcome({{"auth-tls-secret", "ns/ca"}, {key, value}});
}

TEST(AuthTlsAnnotations, ValuesFillThePolicy) {
  EXPECT_EQ(policy_of("auth-tls-verify-client", "off").secret, "ns/ca");
  EXPECT_EQ(policy_of("auth-tls-verify-client", "off").verify, ClientVerify::off);
  EXPECT_EQ(policy_of("auth-tls-verify-client", "optional").verify, ClientVerify::optional);
  EXPECT_EQ(policy_of("auth-tls-verify-client", "optional_no_ca").verify, ClientVerify::optional_no_ca);
  EXPECT_EQ(policy_of("auth-tls-verify-depth", "3").verify_depth, 3);
  EXPECT_EQ(policy_of("auth-tls-verify-depth", "0").verify_depth, 1);
  EXPECT_TRUE(policy_of("auth-tls-pass-certificate-to-upstream", "true").pass_certificate);
  EXPECT_EQ(policy_of("auth-tls-match-cn", "CN=(a|b)").match_cn, "CN=(a|b)");
  EXPECT_EQ(policy_of("auth-tls-error-page", "/why").error_page, "/why");
}

TEST(AuthTlsAnnotations, OnlyAMissingValueTurnsVerificationFromOn) {
  EXPECT_EQ(policy_of("auth-tls-verify-client", "maybe").verify, ClientVerify::on);
  EXPECT_EQ(outcome_of("auth-tls-verify-client", "maybe"), "warning annotation-invalid auth-tls-verify-client\n");
}

TEST(AuthTlsAnnotations, AnEmptySecretClosesTheWholeHost) {
  EXPECT_EQ(read({{"auth-tls-secret", ""}}).policies.deny, (DenyPolicy{"auth-tls-secret-invalid", true}));
  EXPECT_EQ(read({{"auth-tls-secret", "ns/ca"}, {"auth-tls-verify-depth", "-1"}}).policies.deny,
            (DenyPolicy{"auth-tls-verify-depth-invalid", true}));
}

TEST(AuthTlsAnnotations, OtherDenialsStayWithTheObject) {
  EXPECT_EQ(read({{"auth-type", "basic"}}).policies.deny, (DenyPolicy{"auth-secret-invalid", false}));
}

TEST(AuthTlsAnnotations, BadValues) {
  EXPECT_EQ(outcome({{"auth-tls-secret", "a b;"}}), "ING");
  EXPECT_EQ(outcome_of("auth-tls-verify-depth", "x"), "warning annotation-invalid auth-tls-verify-depth\n");
  EXPECT_EQ(outcome_of("auth-tls-pass-certificate-to-upstream", "x"), "ING");
  for (const char* bad : {"OU=x", "CN=", "CN=(", "CN=a{2,1}"})
    EXPECT_EQ(outcome_of("auth-tls-match-cn", bad), "ING") << bad;
  for (const char* good : {"@named", "http://h:8080/a/b.html", "https://h", "/error", "h/x/"}) {
    EXPECT_EQ(outcome_of("auth-tls-error-page", good), "ok") << good;
  }
  for (const char* bad : {"@", "ftp://h/", "http://h:x/", "/a?b", "http:///x", "a;b", "//x"}) {
    EXPECT_EQ(outcome_of("auth-tls-error-page", bad), "ING") << bad;
  }
}

}  // namespace
}  // namespace weir::features
