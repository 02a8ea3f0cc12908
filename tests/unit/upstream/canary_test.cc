#include "weir/upstream/canary.h"
#include "weir/upstream/affinity.h"

#include "unit/model/plain_model.h"
#include "weir/http/h1_parser.h"
#include "weir/route/compile.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace weir::upstream {
namespace {

// A primary and its canary in a compiled table, as the model makes them.
class Canary : public testing::Test {
 protected:
  void compile(const features::CanaryPolicy& rules, const features::AffinityPolicy& affinity = {}) {
    model::PlainModel model;
    model.settings = std::make_shared<const features::Settings>();
    model::Backend next;
    next.name = "default-next-80";
    next.endpoints = {{*base::parse_ip("10.0.0.1"), 80}};
    next.affinity = affinity;
    model::Backend web = next;
    web.name = "default-web-80";
    web.alternatives = {next.name};
    next.canary = rules;
    next.canary.enabled = true;
    model.backends = {next, web};
    route::CompileOptions options;
    options.tls = false;
    route::Compiler compiler(options);
    table_ = compiler.compile(model).table;
    for (const auto& backend : table_->backends) {
      if (backend && backend->name == "default-web-80") primary_ = backend.get();
    }
    canary_ = table_->find_backend(primary_->alternative);
  }

  bool goes(const std::string& fields, std::uint32_t random = 99) {
    http::RequestHead head;
    const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    EXPECT_EQ(http::parse_request_head(text, {}, head).status, http::ParseStatus::done) << fields;
    return goes_to_canary(*primary_, *canary_, head.fields, lookup_, random);
  }

  route::RoutingTablePtr table_;
  const route::Backend* primary_ = nullptr;
  const route::Backend* canary_ = nullptr;
  route::Lookup lookup_;
};

TEST_F(Canary, TheWeightIsAShareOfTheTotal) {
  features::CanaryPolicy rules;
  rules.weight = 20;
  compile(rules);
  int taken = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) taken += goes("", i);
  EXPECT_EQ(taken, 200);

  rules.weight_total = 1000;
  compile(rules);
  taken = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) taken += goes("", i);
  EXPECT_EQ(taken, 20);

  rules = {};
  rules.weight = 150;
  compile(rules);
  for (std::uint32_t i = 0; i < 1000; ++i) EXPECT_TRUE(goes("", i));
  rules.weight = 0;
  compile(rules);
  for (std::uint32_t i = 0; i < 1000; ++i) EXPECT_FALSE(goes("", i));
}

TEST_F(Canary, WordsInTheHeaderDecideAndOthersDoNot) {
  features::CanaryPolicy rules;
  rules.header = "X-Canary";
  rules.weight = 50;
  compile(rules);

  EXPECT_TRUE(goes("X-Canary: always\r\n", 99));
  EXPECT_FALSE(goes("X-Canary: never\r\n", 0));
  EXPECT_TRUE(goes("x-cANARY: always\r\n", 99));
  EXPECT_FALSE(goes("X-Canary: Always\r\n", 99));
  EXPECT_TRUE(goes("X-Canary: other\r\n", 0));
  EXPECT_TRUE(goes("X-Canary:\r\n", 0));
  EXPECT_FALSE(goes("X-Canary: always\r\nX-Canary: always\r\n", 99));  // one value, "always, always"
}

TEST_F(Canary, AValueIsComparedWholeAndAMissGoesOn) {
  features::CanaryPolicy rules;
  rules.header = "X-Version";
  rules.header_value = "v2";
  rules.header_pattern = ".*";
  rules.cookie = "beta";
  compile(rules);

  EXPECT_TRUE(goes("X-Version: v2\r\nCookie: beta=never\r\n"));
  EXPECT_FALSE(goes("X-Version: V2\r\n"));
  EXPECT_FALSE(goes("X-Version: always\r\n"));
  EXPECT_TRUE(goes("X-Version: v3\r\nCookie: beta=always\r\n"));
}

TEST_F(Canary, APatternIsSearchedWithCase) {
  features::CanaryPolicy rules;
  rules.header = "X-Version";
  rules.header_pattern = "v[23]";
  compile(rules);

  EXPECT_TRUE(goes("X-Version: app-v3.1\r\n"));
  EXPECT_FALSE(goes("X-Version: app-V3\r\n"));
  EXPECT_FALSE(goes("X-Version: always\r\n"));
}

TEST_F(Canary, APatternThatDoesNotCompileMeansThePrimaryAtOnce) {
  features::CanaryPolicy rules;
  rules.header = "X-Version";
  rules.header_pattern = "v(";
  rules.cookie = "beta";
  rules.weight = 100;
  compile(rules);

  EXPECT_FALSE(goes("X-Version: v2\r\nCookie: beta=always\r\n", 0));
  EXPECT_TRUE(goes("Cookie: beta=always\r\n", 99));
}

TEST_F(Canary, ValueAndPatternWithoutAHeaderDoNothing) {
  features::CanaryPolicy rules;
  rules.header_value = "v2";
  rules.header_pattern = ".*";
  compile(rules);

  EXPECT_FALSE(goes("X-Version: v2\r\n"));
}

TEST_F(Canary, TheCookieDecidesByWord) {
  features::CanaryPolicy rules;
  rules.cookie = "beta";
  rules.weight = 50;
  compile(rules);

  EXPECT_TRUE(goes("Cookie: a=1; beta=always\r\n", 99));
  EXPECT_FALSE(goes("Cookie: beta=never\r\n", 0));
  EXPECT_FALSE(goes("Cookie: beta=yes\r\n", 99));
  EXPECT_TRUE(goes("Cookie: BETA=always\r\n", 99));
}

TEST_F(Canary, ASessionStaysWhereItIs) {
  features::CanaryPolicy rules;
  rules.header = "X-Canary";
  features::AffinityPolicy affinity;
  affinity.cookie = true;
  affinity.name = "route";
  compile(rules, affinity);

  EXPECT_FALSE(goes("X-Canary: always\r\nCookie: route=key|" + primary_->affinity_id + "\r\n"));
  EXPECT_TRUE(goes("X-Canary: never\r\nCookie: route=key|" + canary_->affinity_id + "\r\n"));
  EXPECT_TRUE(goes("X-Canary: always\r\nCookie: route=key|elsewhere\r\n"));
  EXPECT_TRUE(goes("X-Canary: always\r\nCookie: route=key\r\n"));
}

TEST(AffinityCookie, HasTwoPartsBetweenBars) {
  const auto parts = [](const std::string& value) {
    http::RequestHead head;
    http::parse_request_head("GET / HTTP/1.1\r\nHost: a\r\nCookie: c=" + value + "\r\n\r\n", {}, head);
    const AffinityCookie cookie = read_affinity_cookie(head.fields, "c");
    return std::string(cookie.key) + " " + std::string(cookie.backend);
  };
  EXPECT_EQ(parts("1.2.3|abc"), "1.2.3 abc");
  EXPECT_EQ(parts("mine"), "mine ");
  EXPECT_EQ(parts("|abc"), "abc ");
  EXPECT_EQ(parts("a||b|c"), "a b");
  EXPECT_EQ(parts(""), " ");
}

}  // namespace
}  // namespace weir::upstream
