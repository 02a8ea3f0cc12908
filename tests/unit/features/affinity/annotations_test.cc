#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;

TEST(AffinityAnnotations, AreReadIntoThePolicy) {
  const ReadResult result = read({{"affinity", "cookie"},
                                  {"affinity-mode", "persistent"},
                                  {"affinity-canary-behavior", "legacy"},
                                  {"session-cookie-name", "route"},
                                  {"session-cookie-path", "/a"},
                                  {"session-cookie-domain", "a.example"},
                                  {"session-cookie-expires", "-5"},
                                  {"session-cookie-max-age", "172800"},
                                  {"session-cookie-samesite", "lax"},
                                  {"session-cookie-conditional-samesite-none", "true"},
                                  {"session-cookie-secure", "true"},
                                  {"session-cookie-change-on-failure", "true"}});

  EXPECT_EQ(lines(result), "");
  AffinityPolicy want;
  want.cookie = true;
  want.mode = "persistent";
  want.canary_sticky = false;
  want.name = "route";
  want.path = "/a";
  want.domain = "a.example";
  want.expires = -5;
  want.max_age = 172800;
  want.same_site = "lax";
  want.conditional_same_site_none = want.secure = want.change_on_failure = true;
  EXPECT_EQ(result.policies.affinity, want);
  EXPECT_EQ(read({}).policies.affinity, AffinityPolicy{});
  EXPECT_EQ(AffinityPolicy{}.name, "INGRESSCOOKIE");
}

TEST(AffinityAnnotations, BadValuesFallBack) {
  for (const auto& [key, value] : testing::Keys{{"affinity", "ip"},
                                                {"affinity-mode", "x"},
                                                {"affinity-canary-behavior", "x"},
                                                {"session-cookie-name", "a b;"},
                                                {"session-cookie-path", "/a;"},
                                                {"session-cookie-domain", "a;"},
                                                {"session-cookie-expires", "1d"},
                                                {"session-cookie-expires", "99999999999999999999"},
                                                {"session-cookie-max-age", "1d"},
                                                {"session-cookie-samesite", "x"},
                                                {"session-cookie-conditional-samesite-none", "x"},
                                                {"session-cookie-secure", "x"},
                                                {"session-cookie-change-on-failure", "x"}}) {
    EXPECT_EQ(outcome({{key, value}}), "warning annotation-invalid " + key + "\n");
    EXPECT_EQ(read({{key, value}}).policies.affinity, AffinityPolicy{}) << key;
  }
}

}  // namespace
}  // namespace weir::features
