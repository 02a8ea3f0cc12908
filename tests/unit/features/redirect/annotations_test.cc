#include "unit/features/reading.h"

namespace weir::features {
namespace {

using testing::lines;
using testing::outcome;
using testing::read;
using testing::settings;

TEST(RedirectAnnotations, PermanentHas301AndTakesOtherCodes) {
  EXPECT_EQ(read({{"permanent-redirect", "https://x/y"}}).policies.redirect,
            (RedirectPolicy{"https://x/y", 301, false, false, false}));
  EXPECT_EQ(read({{"permanent-redirect", "/y"}, {"permanent-redirect-code", "308"}}).policies.redirect,
            (RedirectPolicy{"/y", 308, false, false, false}));
  EXPECT_EQ(read({{"permanent-redirect", "/y"}, {"permanent-redirect-code", "309"}}).policies.redirect.code, 301);
  EXPECT_EQ(read({{"permanent-redirect", "/y"}, {"permanent-redirect-code", "-1"}}).policies.redirect.code, 301);
}

TEST(RedirectAnnotations, TemporalWinsAndCannotBe308) {
  const RedirectPolicy policy = read({{"permanent-redirect", "https://p/"},
                                      {"permanent-redirect-code", "308"},
                                      {"temporal-redirect", "https://t/"},
                                      {"temporal-redirect-code", "308"}})
                                    .policies.redirect;

  EXPECT_EQ(policy, (RedirectPolicy{"https://t/", 302, true, false, false}));
  EXPECT_EQ(read({{"temporal-redirect", "HTTP://t/"}, {"temporal-redirect-code", "307"}}).policies.redirect.code, 307);
}

TEST(RedirectAnnotations, SwitchesAreRead) {
  const RedirectPolicy policy =
      read({{"relative-redirects", "true"}, {"from-to-www-redirect", "true"}}).policies.redirect;

  EXPECT_TRUE(policy.relative);
  EXPECT_TRUE(policy.from_to_www);
  EXPECT_EQ(policy.url, "");
}

TEST(RedirectAnnotations, BadValuesRefuseTheObject) {
  EXPECT_EQ(outcome({{"permanent-redirect", "https://x/$request_uri"}}), "ING");
  EXPECT_EQ(outcome({{"temporal-redirect", "https://x/#a"}}), "ING");
  EXPECT_EQ(outcome({{"permanent-redirect-code", "abc"}}), "ING");
  EXPECT_EQ(outcome({{"temporal-redirect-code", "3o2"}}), "ING");
  EXPECT_EQ(outcome({{"relative-redirects", "on"}}), "ING");
  EXPECT_EQ(outcome({{"from-to-www-redirect", "yes"}}), "ING");
}

TEST(RedirectAnnotations, AWrongSchemeDropsTheGroup) {
  for (const char* bad : {"/path", "ftp://x/", "x", "http//x", "http://h:port/"}) {
    const ReadResult result = read({{"temporal-redirect", bad}, {"from-to-www-redirect", "true"}});

    EXPECT_EQ(result.policies.redirect, RedirectPolicy{}) << bad;
    EXPECT_EQ(lines(result), "warning annotation-ignored temporal-redirect\n") << bad;
    EXPECT_TRUE(result.used.empty()) << bad;
  }
}

TEST(RedirectAnnotations, AnEmptyUrlDropsTheGroup) {
  EXPECT_EQ(read({{"temporal-redirect", ""}, {"from-to-www-redirect", "true"}}).policies.redirect, RedirectPolicy{});
  EXPECT_EQ(read({{"permanent-redirect", ""}, {"from-to-www-redirect", "true"}}).policies.redirect, RedirectPolicy{});
  EXPECT_EQ(read({{"permanent-redirect", ""}, {"temporal-redirect", "http://t/"}}).policies.redirect.url, "http://t/");
}

TEST(RedirectAnnotations, PrintTheOneInForce) {
  const ReadResult result = read({{"temporal-redirect", "http://t/"}});

  EXPECT_EQ(find_annotation("temporal-redirect")->print(result.policies), "http://t/");
  EXPECT_EQ(find_annotation("permanent-redirect")->print(result.policies), "");
  EXPECT_EQ(find_annotation("permanent-redirect-code")->print(result.policies), "301");
}

}  // namespace
}  // namespace weir::features
