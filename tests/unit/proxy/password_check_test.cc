// Basic authentication over real sockets, with credentials put into the table by hand.
#include "weir/proxy/password_check.h"

#include "harness.h"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>

namespace weir::proxy::test {
namespace {

const std::string kRight = "Authorization: Basic Ym9iOnNlY3JldA==\r\n";    // bob:secret
const std::string kWrong = "Authorization: Basic Ym9iOmd1ZXNz\r\n";        // bob:guess
const std::string kUnknown = "Authorization: Basic ZXZlOnNlY3JldA==\r\n";  // eve:secret

std::shared_ptr<const features::Users> users(const std::string& text) {
  return std::make_shared<const features::Users>(features::read_htpasswd(text));
}

struct Site {
  std::mutex mutex;
  std::string seen;
  FakeUpstream upstream{[this](Wire& wire, int) {
    for (;;) {
      const std::string head = wire.read_head();
      if (head.empty()) return;
      {
        std::lock_guard lock(mutex);
        seen += head;
      }
      if (!wire.send(kOk)) return;
    }
  }};
  Rules rules;

  Site() {
    rules.backend("web", {upstream.port()});
    features::AuthPolicy& auth = rules.add("a.example", "/", "web").policies.auth;
    auth.basic = true;
    auth.realm = "Some realm";
    auth.users = users("bob:$apr1$saltsalt$invalidinvalidinvali/\n");
  }
  features::AuthPolicy& auth() { return rules.host("a.example").locations.front().policies.auth; }
  std::string upstream_saw() {
    std::lock_guard lock(mutex);
    return seen;
  }
};

std::string get(const Proxy& proxy, const std::string& fields) {
  return proxy.get("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n" + fields + "\r\n");
}

TEST(BasicAuth, WithoutCredentialsThereIsAChallengeAndTheUpstreamSeesNothing) {
  Site site;
  site.auth().users = users("bob:{PLAIN}secret\n");
  const Proxy proxy(site.rules);
  const std::string response = get(proxy, "");

  EXPECT_EQ(response.substr(0, 13), "HTTP/1.1 401 ");
  EXPECT_NE(response.find("WWW-Authenticate: Basic realm=\"Some realm\"\r\n"), std::string::npos) << response;
  EXPECT_EQ(site.upstream_saw(), "");
}

TEST(BasicAuth, TheRightPasswordPassesAndIsNotForwarded) {
  Site site;
  site.auth().users = users("bob:{PLAIN}secret\n");
  const Proxy proxy(site.rules);

  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(proxy, kRight).substr(0, 13), "HTTP/1.1 200 ");
  EXPECT_NE(site.upstream_saw().find("GET / HTTP/1.1"), std::string::npos);
  EXPECT_EQ(site.upstream_saw().find("Authorization"), std::string::npos) << site.upstream_saw();
}

TEST(BasicAuth, WrongPasswordsUnknownNamesAndGarbageAreRefused) {
  Site site;
  site.auth().users = users("bob:{PLAIN}secret\n");
  const Proxy proxy(site.rules);

  EXPECT_EQ(get(proxy, kRight).substr(0, 13), "HTTP/1.1 200 ");  // remembered, also for the decoy of unknown names
  for (const std::string& fields :
       {kWrong, kUnknown, std::string("Authorization: Basic !!!\r\n"), std::string("Authorization: Basic\r\n"),
        std::string("Authorization: Bearer Ym9iOnNlY3JldA==\r\n"), std::string("Authorization: Basic Ym9i\r\n"),
        std::string("Authorization: Basic Ym9iOnNlY3JldAA=\r\n")}) {
    EXPECT_EQ(get(proxy, fields).substr(0, 13), "HTTP/1.1 401 ") << fields;
  }
}

TEST(BasicAuth, AChangedSecretCountsAtOnce) {
  Site site;
  site.auth().users = users("bob:{PLAIN}secret\n");
  Proxy proxy(site.rules);
  EXPECT_EQ(get(proxy, kRight).substr(0, 13), "HTTP/1.1 200 ");

  site.auth().users = users("bob:{PLAIN}guess\n");
  proxy.publish(site.rules);
  EXPECT_TRUE(eventually([&] { return get(proxy, kRight).substr(0, 13) == "HTTP/1.1 401 "; }));
  EXPECT_EQ(get(proxy, kWrong).substr(0, 13), "HTTP/1.1 200 ");
}

TEST(BasicAuth, WithoutUsersOrUsableHashesNobodyGetsIn) {
  Site site;
  const Proxy unusable(site.rules);
  EXPECT_EQ(get(unusable, kRight).substr(0, 13), "HTTP/1.1 401 ");

  site.auth().users = users("");
  const Proxy empty(site.rules);
  EXPECT_EQ(get(empty, kRight).substr(0, 13), "HTTP/1.1 401 ");

  site.auth().users = nullptr;
  const Proxy unresolved(site.rules);
  EXPECT_EQ(get(unresolved, kRight).substr(0, 13), "HTTP/1.1 401 ");
}

}  // namespace
}  // namespace weir::proxy::test
