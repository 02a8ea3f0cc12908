// Which answers of external authentication are used again, for how long, and how many of them.
#include "proxy/auth_cache.h"
#include "proxy/auth_target.h"
#include "weir/http/h1_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proxy {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT

std::int64_t lifetime(int status, const std::string& fields, const std::vector<features::AuthCacheRule>& rules = {}) {
  http::ResponseHead head;
  const std::string text = "HTTP/1.1 " + std::to_string(status) + " X\r\n" + fields + "\r\n";
  EXPECT_EQ(http::parse_response_head(text, {}, head).status, http::ParseStatus::done) << text;
  return auth_answer_lifetime(head, rules, kNow);
}

TEST(AuthCacheTimes, WithoutRulesThreeStatusesAreKeptForFiveMinutes) {
  for (const int status : {200, 202, 401}) EXPECT_EQ(lifetime(status, ""), 300) << status;
  for (const int status : {204, 403, 500}) EXPECT_EQ(lifetime(status, ""), 0) << status;
}

TEST(AuthCacheTimes, TheFirstRuleThatNamesTheStatusCounts) {
  using std::chrono::seconds;
  const std::vector<features::AuthCacheRule> rules{{{200}, seconds(10)}, {{}, seconds(3)}};

  EXPECT_EQ(lifetime(200, "", rules), 10);
  EXPECT_EQ(lifetime(403, "", rules), 3);
}

TEST(AuthCacheTimes, WhatTheServiceForbidsIsNotKept) {
  for (const char* field :
       {"Set-Cookie: a=1", "Vary: *", "Vary: Cookie", "Cache-Control: private", "Cache-Control: public, No-Store",
        "Cache-Control: no-cache", "Cache-Control: max-age=0", "Cache-Control: max-age=x", "X-Accel-Expires: 0",
        "Expires: Tue, 14 Nov 2023 22:13:19 GMT", "Expires: 0"}) {
    EXPECT_EQ(lifetime(200, std::string(field) + "\r\n"), 0) << field;
  }
}

TEST(AuthCacheTimes, TheServiceSaysHowLong) {
  EXPECT_EQ(lifetime(200, "Expires: Tue, 14 Nov 2023 22:13:27 GMT\r\n"), 7);
  EXPECT_EQ(lifetime(200, "Cache-Control: max-age=9\r\nExpires: 0\r\n"), 9);
  EXPECT_EQ(lifetime(200, "X-Accel-Expires: 4\r\nCache-Control: max-age=9\r\n"), 4);
  EXPECT_EQ(lifetime(403, "Cache-Control: max-age=9\r\n"), 0) << "no rule names it";
}

TEST(AuthCache, AnAnswerIsForgottenAtItsEndOrWhenItIsNotUsed) {
  AuthCache cache;
  const tls::Sha256 key = tls::sha256("a");
  AuthAnswer answer;
  answer.status = 200;
  cache.keep(key, answer, 1000, 5);
  ASSERT_NE(cache.find(key, 5999), nullptr);
  EXPECT_EQ(cache.find(tls::sha256("b"), 1000), nullptr);
  EXPECT_EQ(cache.find(key, 6000), nullptr);

  cache.keep(key, answer, 0, 1'000'000);
  EXPECT_NE(cache.find(key, AuthCache::kIdleMs - 1), nullptr);
  EXPECT_EQ(cache.find(key, 2 * AuthCache::kIdleMs), nullptr);
}

TEST(AuthCache, ItsMemoryIsBoundedAndTheLongestUnusedAnswerGoesFirst) {
  AuthCache cache;
  AuthAnswer answer;
  answer.challenge.assign(AuthCache::kLargest / 2, 'x');
  const std::size_t most = AuthCache::kMostBytes / (AuthCache::kLargest / 2);
  for (std::size_t i = 0; i < 2 * most; ++i) {
    cache.keep(tls::sha256(std::to_string(i)), answer, 0, 60);
    ASSERT_NE(cache.find(tls::sha256("0"), 0), nullptr) << "used all the time";
  }
  EXPECT_LE(cache.size(), most);
  EXPECT_EQ(cache.find(tls::sha256("1"), 0), nullptr);

  answer.challenge.assign(AuthCache::kLargest, 'x');
  cache.keep(tls::sha256("large"), answer, 0, 60);
  EXPECT_EQ(cache.find(tls::sha256("large"), 0), nullptr);
}

TEST(AuthTarget, UrlsAreTakenApart) {
  const auto plain = parse_auth_target("http://auth.example:4180/check?a=b");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "auth.example");
  EXPECT_EQ(plain->port, 4180);
  EXPECT_EQ(plain->target, "/check?a=b");
  EXPECT_FALSE(plain->https);

  EXPECT_EQ(parse_auth_target("http://a")->target, "/");
  EXPECT_EQ(parse_auth_target("http://a?x")->target, "/?x");
  EXPECT_EQ(parse_auth_target("HTTPS://[::1]/")->host, "[::1]");
  EXPECT_EQ(parse_auth_target("https://a")->port, 443);
  EXPECT_EQ(parse_auth_target("http://A.Example.")->tls_name, "");
  EXPECT_EQ(parse_auth_target("https://A.Example.:8443/")->tls_name, "a.example");
  EXPECT_EQ(parse_auth_target("https://[::1]:8443/")->tls_name, "::1");
  EXPECT_FALSE(parse_auth_target("https://./"));
}

TEST(AuthTarget, WhatAVariableBringsCannotSplitTheRequestOrChangeTheHost) {
  EXPECT_EQ(parse_auth_target("http://a/x HTTP/1.1\r\nX: y#z")->target, "/x%20HTTP/1.1%0D%0AX:%20y%23z");
  for (const char* url :
       {"", "a", "http://", "ftp://a/", "http://a b/", "http://u@a/", "http://a:0/", "http://a:99999/", "http://a:/",
        "http://a:-1/", "http://a..b/", "http://[::1/", "http://[x]/", "invalid:http://a/"}) {
    EXPECT_FALSE(parse_auth_target(url)) << url;
  }
}

}  // namespace
}  // namespace weir::proxy
