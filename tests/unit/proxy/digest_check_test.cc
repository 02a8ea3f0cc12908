// Digest authentication: nonces and their counts as values, then over real sockets with credentials put into the table
// by hand.
#include "weir/proxy/digest_check.h"

#include "harness.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <string>

namespace weir::proxy::test {
namespace {

using Outcome = DigestCheck::Outcome;

const std::string kHash = tls::md5_hex("bob:here:secret");

http::DigestCredentials answer(const std::string& nonce, const std::string& nc, const std::string& method = "GET",
                               const std::string& uri = "/") {
  http::DigestCredentials given;
  given.username = "bob";
  given.realm = "here";
  given.nonce = nonce;
  given.uri = uri;
  given.algorithm = "MD5";
  given.qop = "auth";
  given.nc = nc;
  given.cnonce = "c";
  given.response = tls::md5_hex(kHash + ":" + nonce + ":" + nc + ":c:auth:" + tls::md5_hex(method + ":" + uri));
  return given;
}

const DigestCheck::Asked kAsked{"GET", "/", "here", kHash};

TEST(DigestCheck, ARightAnswerCountsOnce) {
  DigestCheck check;
  const std::string nonce = check.make_nonce();

  EXPECT_EQ(check.check(answer(nonce, "00000001"), kAsked), Outcome::right);
  EXPECT_EQ(check.check(answer(nonce, "00000001"), kAsked), Outcome::stale);
  EXPECT_EQ(check.check(answer(nonce, "00000002"), kAsked), Outcome::right);
  EXPECT_EQ(check.kept(), 1u);
}

TEST(DigestCheck, CountsMayComeOutOfOrderWithinTheWindow) {
  DigestCheck check;
  const std::string nonce = check.make_nonce();

  EXPECT_EQ(check.check(answer(nonce, "00000064"), kAsked), Outcome::right);  // 100
  EXPECT_EQ(check.check(answer(nonce, "00000025"), kAsked), Outcome::right);  // 37: the last one in it
  EXPECT_EQ(check.check(answer(nonce, "00000025"), kAsked), Outcome::stale);
  EXPECT_EQ(check.check(answer(nonce, "00000024"), kAsked), Outcome::stale);
  EXPECT_EQ(check.check(answer(nonce, "ffffffff"), kAsked), Outcome::right);
  EXPECT_EQ(check.check(answer(nonce, "00000063"), kAsked), Outcome::stale);
}

TEST(DigestCheck, WhatDoesNotFitTheRequestOrTheUserIsWrong) {
  DigestCheck check;
  const std::string nonce = check.make_nonce();
  const auto with = [&](std::string http::DigestCredentials::*field, const std::string& value) {
    http::DigestCredentials given = answer(nonce, "00000001");
    given.*field = value;
    return check.check(given, kAsked);
  };
  using Given = http::DigestCredentials;
  EXPECT_EQ(with(&Given::realm, "there"), Outcome::wrong);
  EXPECT_EQ(with(&Given::uri, "/other"), Outcome::wrong);
  EXPECT_EQ(with(&Given::qop, ""), Outcome::wrong);
  EXPECT_EQ(with(&Given::qop, "auth-int"), Outcome::wrong);
  EXPECT_EQ(with(&Given::algorithm, "MD5-sess"), Outcome::wrong);
  EXPECT_EQ(with(&Given::cnonce, ""), Outcome::wrong);
  EXPECT_EQ(with(&Given::cnonce, "d"), Outcome::wrong);
  EXPECT_EQ(with(&Given::response, ""), Outcome::wrong);
  EXPECT_EQ(with(&Given::response, std::string(32, '0')), Outcome::wrong);
  for (const char* nc : {"", "1", "00000000", "0000000g", "+0000001", "000000001"}) {
    EXPECT_EQ(check.check(answer(nonce, nc), kAsked), Outcome::wrong) << nc;
  }
  EXPECT_EQ(check.check(answer(nonce, "00000001"), {"POST", "/", "here", kHash}), Outcome::wrong);
  EXPECT_EQ(check.check(answer(nonce, "00000001"), {"GET", "/", "here", tls::md5_hex("bob:here:guess")}),
            Outcome::wrong);
  EXPECT_EQ(check.check(answer(nonce, "00000001"), {"GET", "/", "here", ""}), Outcome::wrong);
  EXPECT_EQ(check.kept(), 0u);
  EXPECT_EQ(check.check(answer(nonce, "00000001"), kAsked), Outcome::right);
}

TEST(DigestCheck, OnlyNoncesOfItsOwnServeAndOnlyForTheirTime) {
  std::int64_t now = 1000;
  DigestCheck check([&now] { return now; });
  DigestCheck other;
  std::string forged = check.make_nonce();
  forged[20] = forged[20] == '0' ? '1' : '0';
  EXPECT_EQ(check.check(answer(forged, "00000001"), kAsked), Outcome::stale);
  EXPECT_EQ(check.check(answer(other.make_nonce(), "00000001"), kAsked), Outcome::stale);
  EXPECT_EQ(check.check(answer("", "00000001"), kAsked), Outcome::stale);

  const std::string nonce = check.make_nonce();
  now += DigestCheck::kLifetimeMs - 1;
  EXPECT_EQ(check.check(answer(nonce, "00000001"), kAsked), Outcome::right);
  now += 1;
  EXPECT_EQ(check.check(answer(nonce, "00000002"), kAsked), Outcome::stale);
}

TEST(DigestCheck, NoMoreThanSoManyNoncesAreKeptAndNoneIsForgottenIntoValidity) {
  std::int64_t now = 1000;
  constexpr std::size_t kMost = 3;
  DigestCheck check([&now] { return now; }, kMost);
  std::vector<std::string> nonces;
  for (std::size_t i = 0; i <= kMost; ++i, ++now) nonces.push_back(check.make_nonce());
  for (const std::string& nonce : nonces) EXPECT_EQ(check.check(answer(nonce, "00000001"), kAsked), Outcome::right);

  EXPECT_EQ(check.kept(), kMost);
  for (const std::string& nonce : nonces) EXPECT_EQ(check.check(answer(nonce, "00000001"), kAsked), Outcome::stale);
  EXPECT_EQ(check.check(answer(nonces[0], "00000002"), kAsked), Outcome::stale);
  EXPECT_EQ(check.check(answer(nonces[1], "00000002"), kAsked), Outcome::right);

  now += DigestCheck::kLifetimeMs;
  EXPECT_EQ(check.check(answer(check.make_nonce(), "00000001"), kAsked), Outcome::right);
  EXPECT_EQ(check.kept(), 1u);
}

TEST(DigestCheck, NoncesDiffer) {
  DigestCheck check;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(check.make_nonce()).second);
}

class DigestAuth : public ::testing::Test {
 protected:
  DigestAuth() {
    rules.backend("web", {upstream.port()});
    features::AuthPolicy& auth = rules.add("a.example", "/", "web").policies.auth;
    auth.digest = true;
    auth.realm = "here";
    auth.users = std::make_shared<const features::Users>(features::read_htdigest("bob:here:" + kHash + "\n", "here"));
  }
  static std::string get(const Proxy& proxy, const http::DigestCredentials& given) {
    return proxy.get("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\nAuthorization: Digest username=\"" +
                     given.username + "\", realm=\"here\", nonce=\"" + given.nonce + "\", uri=\"/\", qop=auth, nc=" +
                     given.nc + ", cnonce=\"c\", response=\"" + given.response + "\"\r\n\r\n");
  }
  static std::string nonce_in(const std::string& response) {
    const std::size_t at = response.find("nonce=\"") + 7;
    return response.substr(at, response.find('"', at) - at);
  }

  std::mutex mutex;
  std::string seen;
  FakeUpstream upstream{[this](Wire& wire, int) {
    for (std::string head = wire.read_head(); !head.empty(); head = wire.read_head()) {
      {
        const std::lock_guard lock(mutex);
        seen += head;
      }
      if (!wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) return;
    }
  }};
  Rules rules;
};

TEST_F(DigestAuth, ANonceServesOnEveryWorkerAndTheUpstreamSeesNoAnswer) {
  const Proxy proxy(rules, 4);
  const std::string refused = proxy.get("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
  ASSERT_EQ(refused.substr(0, 13), "HTTP/1.1 401 ");
  ASSERT_NE(refused.find("WWW-Authenticate: Digest algorithm=\"MD5\", qop=\"auth\", realm=\"here\", nonce=\""),
            std::string::npos)
      << refused;
  EXPECT_EQ(refused.find("stale"), std::string::npos);
  const std::string nonce = nonce_in(refused);
  for (const char* nc : {"00000001", "00000002", "00000003", "00000004", "00000005", "00000006", "00000007"}) {
    EXPECT_EQ(get(proxy, answer(nonce, nc)).substr(0, 13), "HTTP/1.1 200 ") << nc;
    const std::string again = get(proxy, answer(nonce, nc));
    EXPECT_EQ(again.substr(0, 13), "HTTP/1.1 401 ") << nc;
    EXPECT_NE(again.find(", stale=true\r\n"), std::string::npos) << again;
  }
  const std::lock_guard lock(mutex);
  EXPECT_NE(seen.find("GET / HTTP/1.1"), std::string::npos);
  EXPECT_EQ(seen.find("Authorization"), std::string::npos) << seen;
}

TEST_F(DigestAuth, AWrongPasswordOrAnUnknownNameIsRefused) {
  const Proxy proxy(rules);
  const std::string nonce = nonce_in(proxy.get("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"));
  http::DigestCredentials wrong = answer(nonce, "00000001");
  wrong.response = std::string(32, '0');
  EXPECT_EQ(get(proxy, wrong).substr(0, 13), "HTTP/1.1 401 ");
  http::DigestCredentials unknown = answer(nonce, "00000001");
  unknown.username = "eve";
  const std::string refused = get(proxy, unknown);
  EXPECT_EQ(refused.substr(0, 13), "HTTP/1.1 401 ");
  EXPECT_EQ(refused.find("stale"), std::string::npos);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(seen, "");
}

}  // namespace
}  // namespace weir::proxy::test
