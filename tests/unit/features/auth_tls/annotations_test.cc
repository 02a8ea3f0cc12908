#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(AuthTlsAnnotations, ASecretClosesTheWholeHost) {
  const ReadResult result = read({{"auth-tls-secret", "ns/ca"}, {"auth-tls-verify-client", "on"}});

  EXPECT_EQ(result.policies.deny, (DenyPolicy{"auth-tls-secret-planned", true}));
}

TEST(AuthTlsAnnotations, OtherDenialsStayWithTheObject) {
  EXPECT_EQ(read({{"auth-type", "basic"}}).policies.deny, (DenyPolicy{"auth-secret-invalid", false}));
}

TEST(AuthTlsAnnotations, TheRestAloneIsServedWithAWarning) {
  EXPECT_EQ(outcome({{"auth-tls-verify-client", "optional"}}), "warning annotation-planned auth-tls-verify-client\n");
  EXPECT_EQ(outcome({{"auth-tls-match-cn", "CN=x"}}), "warning annotation-planned auth-tls-match-cn\n");
}

TEST(AuthTlsAnnotations, BadValues) {
  EXPECT_EQ(outcome({{"auth-tls-secret", "a b;"}}), "ING");
  EXPECT_EQ(outcome({{"auth-tls-verify-client", "maybe"}}), "warning annotation-invalid auth-tls-verify-client\n");
  EXPECT_EQ(outcome({{"auth-tls-verify-depth", "x"}}), "warning annotation-invalid auth-tls-verify-depth\n");
  EXPECT_EQ(outcome({{"auth-tls-pass-certificate-to-upstream", "x"}}), "ING");
  EXPECT_EQ(outcome({{"auth-tls-match-cn", "OU=x"}}), "ING");
  for (const char* good : {"@named", "http://h:8080/a/b.html", "https://h", "/error", "h/x/"}) {
    EXPECT_EQ(outcome({{"auth-tls-error-page", good}}), "warning annotation-planned auth-tls-error-page\n") << good;
  }
  for (const char* bad : {"@", "ftp://h/", "http://h:x/", "/a?b", "http:///x", "a;b", "//x"}) {
    EXPECT_EQ(outcome({{"auth-tls-error-page", bad}}), "ING") << bad;
  }
}

}  // namespace
}  // namespace weir::features
