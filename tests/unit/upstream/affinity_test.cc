#include "weir/upstream/affinity.h"

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

std::string cookie(const features::AffinityPolicy& policy, const CookieFacts& facts = {}) {
  return affinity_set_cookie(policy, "key", "id", facts);
}

CookieFacts facts(std::string_view path, bool https = false, std::string_view agent = {}) {
  CookieFacts out;
  out.default_path = path;
  out.https = https;
  out.user_agent = agent;
  return out;
}

TEST(AffinitySetCookie, HasPathAndHttpOnlyByDefault) {
  EXPECT_EQ(cookie({}, facts("/shop")), "INGRESSCOOKIE=key|id; Path=/shop; HttpOnly");
  EXPECT_EQ(cookie({}, facts("/shop", true)), "INGRESSCOOKIE=key|id; Path=/shop; Secure; HttpOnly");
}

TEST(AffinitySetCookie, HasTheAttributesInTheOriginalsOrder) {
  features::AffinityPolicy policy;
  policy.name = "route";
  policy.path = "/a";
  policy.domain = "example.com";
  policy.same_site = "Strict";
  policy.expires = 86400;
  policy.max_age = 60;
  policy.secure = true;
  EXPECT_EQ(cookie(policy, facts("/")),
            "route=key|id; Expires=Fri, 02-Jan-70 00:00:00 GMT; Max-Age=60; Domain=example.com; Path=/a; Secure; "
            "HttpOnly; SameSite=Strict");
}

TEST(AffinitySetCookie, PrintsYearsAsNginxDoes) {
  features::AffinityPolicy policy;
  policy.expires = 2147483648;  // 2038
  EXPECT_EQ(cookie(policy, facts("/")),
            "INGRESSCOOKIE=key|id; Expires=Tue, 19-Jan-2038 03:14:08 GMT; Path=/; HttpOnly");
  policy.expires = -1;
  EXPECT_EQ(cookie(policy, facts("/")), "INGRESSCOOKIE=key|id; Expires=Thu, 01-Jan-70 00:00:00 GMT; Path=/; HttpOnly");
  policy.expires = INT64_MAX;
  CookieFacts later = facts("/");
  later.now = 1;
  EXPECT_EQ(cookie(policy, later), "INGRESSCOOKIE=key|id; Expires=Fri, 31-Dec-9999 23:59:59 GMT; Path=/; HttpOnly");
}

TEST(AffinitySetCookie, SendsOnlyExactSpellingsOfSameSite) {
  features::AffinityPolicy policy;
  for (const char* sent : {"None", "Lax", "Strict"}) {
    policy.same_site = sent;
    EXPECT_EQ(cookie(policy, facts("/")), std::string("INGRESSCOOKIE=key|id; Path=/; HttpOnly; SameSite=") + sent);
  }
  for (const char* dropped : {"none", "LAX", "strict"}) {
    policy.same_site = dropped;
    EXPECT_EQ(cookie(policy, facts("/")), "INGRESSCOOKIE=key|id; Path=/; HttpOnly") << dropped;
  }
}

TEST(AffinitySetCookie, LeavesSameSiteNoneOutForBrowsersThatMisreadIt) {
  features::AffinityPolicy policy;
  policy.same_site = "None";
  policy.conditional_same_site_none = true;
  const auto has_none = [&](std::string_view agent) {
    return cookie(policy, facts("/", false, agent)).find("SameSite=None") != std::string::npos;
  };
  EXPECT_TRUE(has_none(""));
  EXPECT_TRUE(has_none("Mozilla/5.0 (X11) Chrome/120.0 Safari/537.36"));
  EXPECT_TRUE(has_none("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) Chrome/80.0 Safari/537.36"));
  EXPECT_FALSE(has_none("Mozilla/5.0 (X11) Chrome/51.0 Safari/537.36"));
  EXPECT_FALSE(has_none("Mozilla/5.0 (X11) Chrome/66.0 Safari/537.36"));
  EXPECT_FALSE(has_none("Mozilla/5.0 (iPhone; CPU iPhone OS 12_4 like Mac OS X)"));
  EXPECT_FALSE(has_none("Mozilla/5.0 (iPad; CPU OS 12_4 like Mac OS X)"));
  EXPECT_FALSE(has_none("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) Version/12.1 Safari/605.1.15"));
  policy.conditional_same_site_none = false;
  EXPECT_TRUE(has_none("Mozilla/5.0 (X11) Chrome/51.0 Safari/537.36"));
}

}  // namespace
}  // namespace weir::upstream
