// Against a DNS server on loopback.
#include "weir/upstream/dns_client.h"

#include "unit/upstream/dns_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class NamesFromADnsServer : public testing::Test {
 protected:
  static DnsOptions options(const test::DnsServer& server) {
    DnsOptions o;
    o.servers = server.address();
    return o;
  }
  std::future<DnsAnswer> begin(const std::string& name) {
    auto promise = std::make_shared<std::promise<DnsAnswer>>();
    client.ask(name, [promise](DnsAnswer answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
  }
  DnsAnswer ask(const std::string& name) { return begin(name).get(); }
  static std::vector<std::string> texts(const DnsAnswer& answer) {
    std::vector<std::string> all;
    for (const base::IpAddress& ip : answer.addresses) all.push_back(ip.to_string());
    return all;
  }

  test::DnsServer server;
  DnsClient client{options(server)};
};

// The trailing dot keeps the search list of this machine out.
TEST_F(NamesFromADnsServer, AddressesComeSortedWithTheirTtl) {
  server.set("db.example", {{"192.0.2.7", "192.0.2.3"}, 77});

  const DnsAnswer answer = ask("db.example.");

  EXPECT_THAT(texts(answer), ElementsAre("192.0.2.3", "192.0.2.7"));
  EXPECT_EQ(answer.ttl, 77s);
  EXPECT_THAT(server.questions(), ElementsAre("db.example A"));
}

TEST_F(NamesFromADnsServer, TheShortestTtlOnTheWayCounts) {
  server.set("db.example", {{}, 5, false, "real.example"});
  server.set("real.example", {{"192.0.2.3"}, 300});

  const DnsAnswer answer = ask("db.example.");

  EXPECT_THAT(texts(answer), ElementsAre("192.0.2.3"));
  EXPECT_EQ(answer.ttl, 5s);
}

TEST_F(NamesFromADnsServer, Ipv6IsAskedForOnlyIfThereIsNoIpv4) {
  server.set("both.example", {{"192.0.2.3", "2001:db8::3"}});
  server.set("six.example", {{"2001:db8::6"}});

  EXPECT_THAT(texts(ask("both.example.")), ElementsAre("192.0.2.3"));
  EXPECT_THAT(texts(ask("six.example.")), ElementsAre("2001:db8::6"));
  EXPECT_THAT(server.questions(), ElementsAre("both.example A", "six.example A", "six.example AAAA"));
}

TEST_F(NamesFromADnsServer, WithIpv4OnlyNoIpv6IsAskedFor) {
  server.set("six.example", {{"2001:db8::6"}});
  client.set_ipv4_only(true);

  EXPECT_TRUE(ask("six.example.").addresses.empty());
  EXPECT_TRUE(ask("::1").addresses.empty());
  EXPECT_THAT(server.questions(), ElementsAre("six.example A"));
}

TEST_F(NamesFromADnsServer, ANameThatDoesNotExistHasNoAddress) {
  EXPECT_TRUE(ask("nobody.example.").addresses.empty());
}

TEST_F(NamesFromADnsServer, NumericAddressesNeedNoServer) {
  EXPECT_THAT(texts(ask("192.0.2.9")), ElementsAre("192.0.2.9"));
  EXPECT_THAT(texts(ask("2001:db8::9")), ElementsAre("2001:db8::9"));
  EXPECT_TRUE(server.questions().empty());
}

TEST_F(NamesFromADnsServer, ANameWithoutAnAnswerDoesNotHoldUpOthers) {
  server.set("silent.example", {{}, 60, true});
  server.set("db.example", {{"192.0.2.3"}});
  std::future<DnsAnswer> silent = begin("silent.example.");

  EXPECT_THAT(texts(ask("db.example.")), ElementsAre("192.0.2.3"));
  EXPECT_EQ(silent.wait_for(0s), std::future_status::timeout);
}

TEST_F(NamesFromADnsServer, ManyNamesAreAskedForAtOnce) {
  std::vector<std::future<DnsAnswer>> answers;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "n" + std::to_string(i) + ".example";
    server.set(name, {{"192.0.2." + std::to_string(i + 1)}});
    answers.push_back(begin(name + "."));
  }
  for (int i = 0; i < 200; ++i) {
    EXPECT_THAT(texts(answers[static_cast<std::size_t>(i)].get()), ElementsAre("192.0.2." + std::to_string(i + 1)));
  }
}

TEST(DnsClient, AServerThatIsSilentIsGivenUpAndIpv6NotTried) {
  test::DnsServer server;
  server.set("silent.example", {{}, 60, true});
  DnsClient client({server.address(), 20ms, 2});
  std::promise<DnsAnswer> promise;

  client.ask("silent.example.", [&](DnsAnswer answer) { promise.set_value(std::move(answer)); });

  EXPECT_TRUE(promise.get_future().get().addresses.empty());
  for (const std::string& question : server.questions()) EXPECT_EQ(question, "silent.example A");
}

TEST(DnsClient, EndsAtOnceWithQuestionsUnderWay) {
  test::DnsServer server;
  server.set("silent.example", {{}, 60, true});
  bool answered = false;
  {
    DnsClient client({server.address(), 10min, 2});
    client.ask("silent.example.", [&](DnsAnswer) { answered = true; });
    while (server.questions().empty()) std::this_thread::yield();
  }
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace weir::upstream
