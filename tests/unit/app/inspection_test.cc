#include "app/inspection.h"

#include "app/load_model.h"
#include "unit/app/manifest_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace weir::app {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::int64_t kNow = 1'800'000'000;

InspectionAnswer ask(const std::string& manifests, const std::string& target, const model::Options& options = {}) {
  test::ManifestFolder folder;
  folder.write("a.yaml", test::kObjects + manifests);
  const LoadedModel loaded = load_model({folder.path()}, options);
  return inspect(view_of(loaded), options, target, kNow);
}

json ask_json(const std::string& manifests, const std::string& target, const model::Options& options = {}) {
  const InspectionAnswer answer = ask(manifests, target, options);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.content_type, "application/json");
  return json::parse(answer.body);
}

TEST(Inspection, AHostShowsItsPathsWithOwnerEndpointsAndPolicies) {
  const json found =
      ask_json(test::ingress("root", "shop.example", "/", "proxy-body-size: 8m"), "/api/v1/hosts?host=Shop.example");

  EXPECT_EQ(found["total"], 1);
  const json& path = found["hosts"][0]["paths"][0];
  EXPECT_EQ(path["ingress"], "root");
  EXPECT_EQ(path["backend"], "default-web-80");
  EXPECT_EQ(path["endpoints"], json::parse(R"(["10.1.2.3:8080"])"));
  bool listed = false;
  for (const json& policy : path["policies"]) {
    listed = listed || (policy["key"] == "proxy-body-size" && policy["origin"] == "annotation");
  }
  EXPECT_TRUE(listed) << path.dump();
}

TEST(Inspection, ARuleThatLostIsShownWithItsReason) {
  const json found = ask_json(test::ingress("a", "shop.example", "/") + test::ingress("b", "shop.example", "/"),
                              "/api/v1/hosts?host=shop.example");

  ASSERT_EQ(found["hosts"][0]["shadowed"].size(), 1u);
  EXPECT_FALSE(found["hosts"][0]["shadowed"][0]["reason"].get<std::string>().empty());
}

TEST(Inspection, ADeniedPathSaysWhy) {
  const json found = ask_json(test::ingress("a", "shop.example", "/", "enable-modsecurity: \"true\""),
                              "/api/v1/hosts?host=shop.example");

  EXPECT_THAT(found["hosts"][0]["paths"][0]["denied"].get<std::string>(), HasSubstr("modsecurity"));
}

TEST(Inspection, HostsAreFoundByAPartOfTheirName) {
  const std::string two = test::ingress("a", "shop.example", "/") + test::ingress("b", "blog.example", "/");

  EXPECT_EQ(ask_json(two, "/api/v1/hosts?search=SHOP")["total"], 1);
  EXPECT_EQ(ask_json(two, "/api/v1/hosts?search=example")["total"], 2);
  EXPECT_EQ(ask_json(two, "/api/v1/hosts?search=example&offset=1")["hosts"].size(), 1u);
  EXPECT_EQ(ask_json(two, "/api/v1/hosts?search=%6eothing")["total"], 0);
}

TEST(Inspection, TheOverviewCounts) {
  const json found = ask_json(test::ingress("a", "shop.example", "/"), "/api/v1/overview");

  EXPECT_EQ(found["ingresses"], 1);
  EXPECT_EQ(found["endpoints"], 1);
  EXPECT_FALSE(found["hash"].get<std::string>().empty());
}

TEST(Inspection, BackendsHaveTheMembersThatTheKubectlPluginReads) {
  const json found = ask_json(test::ingress("a", "shop.example", "/"), "/api/v1/backends?name=default-web-80");

  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["endpoints"], json::parse(R"([{"address":"10.1.2.3","port":"8080"}])"));
  for (const char* member : {"name", "service", "port", "sslPassthrough", "noServer"}) {
    EXPECT_TRUE(found[0].contains(member)) << member;
  }
}

TEST(Inspection, HostsAndBackendsTellThatTlsIsPassedOnUnread) {
  model::Options options;
  options.ssl_passthrough = true;
  const std::string objects = test::ingress("a", "shop.example", "/", "ssl-passthrough: \"true\"");

  EXPECT_EQ(ask_json(objects, "/api/v1/hosts?host=shop.example", options)["hosts"][0]["passthrough"], "default-web-80");
  EXPECT_EQ(ask_json(objects, "/api/v1/backends", options)[0]["sslPassthrough"], true);
  EXPECT_THAT(ask(objects, "/api/v1/config?host=shop.example", options).body,
              HasSubstr("TLS passes unread to: default-web-80"));
  EXPECT_EQ(ask_json(objects, "/api/v1/backends")[0]["sslPassthrough"], false);
}

TEST(Inspection, DiagnosticsNameObjectAndKey) {
  const json found = ask_json(test::ingress("a", "shop.example", "/", "rewrite-traget: /"), "/api/v1/diagnostics");

  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0]["name"], "a");
  EXPECT_THAT(found[0]["text"].get<std::string>(), HasSubstr("rewrite-target"));
}

TEST(Inspection, AUrlIsExplained) {
  const InspectionAnswer answer = ask(test::ingress("a", "shop.example", "/"),
                                      "/api/v1/explain?method=GET&url=http%3A%2F%2Fshop.example%2Fx&header=X-A%3A+b");

  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("proxied to default-web-80"));
}

TEST(Inspection, WhatIsNoUrlIs400) {
  EXPECT_EQ(ask("", "/api/v1/explain?url=").status, 400);
}

TEST(Inspection, TheConfigurationIsMarkedForTheKubectlPlugin) {
  const std::string two = test::ingress("a", "shop.example", "/") + test::ingress("b", "blog.example", "/");
  const InspectionAnswer one = ask(two, "/api/v1/config?host=shop.example");

  EXPECT_THAT(one.body, AllOf(StartsWith("## start server shop.example\n"), HasSubstr("\n## end server shop.example\n"),
                              HasSubstr("location: prefix /"), testing::Not(HasSubstr("blog.example"))));
  EXPECT_THAT(ask(two, "/api/v1/config").body,
              AllOf(HasSubstr("## start server blog.example\n"), HasSubstr("backend: default-web-80")));
  EXPECT_EQ(ask(two, "/api/v1/config?host=none.example").status, 404);
}

TEST(Inspection, OddTargetsGetADefinedAnswer) {
  for (const char* target : {"", "/", "/api/v1/", "/api/v1/hosts?", "/api/v1/hosts?&&=&%", "/api/v1/hosts?offset=-1",
                             "/api/v1/hosts?offset=99999999999999999999", "/api/v1/hosts?search=%00%ff"}) {
    const int status = ask(test::ingress("a", "shop.example", "/"), target).status;
    EXPECT_TRUE(status == 200 || status == 404) << target;
  }
}

}  // namespace
}  // namespace weir::app
