#include "app/check.h"

#include "unit/app/manifest_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weir::app {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  int status = -1;
  std::string text;
};

Outcome check(const std::vector<std::string>& paths, CheckOptions options = {}) {
  const LoadedModel loaded = load_model(paths, {});
  return {check_status(loaded, options), check_output(loaded, options)};
}

TEST(Check, GoodManifestsExitWithZero) {
  test::ManifestFolder folder;
  folder.write("a.yaml", test::kObjects + test::ingress("shop", "shop.example", "/"));

  const Outcome outcome = check({folder.path()});

  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.text, "1 Ingress, 1 served: 0 errors, 0 warnings\n");
}

TEST(Check, WhatTheWebhookRefusesExitsWithOne) {
  test::ManifestFolder folder;
  folder.write("a.yaml", test::kObjects + test::ingress("one", "shop.example", "/x"));
  folder.write("b.yaml", test::ingress("two", "shop.example", "/x"));

  const Outcome outcome = check({folder.path()});

  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.text, HasSubstr("error: Ingress default/"));
}

TEST(Check, WarningsCountOnlyWhenStrict) {
  test::ManifestFolder folder;
  folder.write("a.yaml", test::kObjects + test::ingress("shop", "shop.example", "/", "no-such-annotation: x"));

  EXPECT_EQ(check({folder.path()}).status, 0);
  EXPECT_EQ(check({folder.path()}, {.strict = true}).status, 1);
  EXPECT_THAT(check({folder.path()}).text, HasSubstr("no-such-annotation"));
}

TEST(Check, LogFormatsAndSkipPatternsThatCannotBeUsedAreNamed) {
  test::ManifestFolder folder;
  folder.write("a.yaml",
               "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\n"
               "data: {skip-access-log-urls: '/ok,~[', log-format-upstream: '$nosuch'}\n");
  model::Options options;
  options.config_map = kube::ObjectName{"default", "cfg"};

  const std::string text = check_output(load_model({folder.path()}, options), {});

  EXPECT_THAT(text,
              HasSubstr("warning: ConfigMap default/cfg: key skip-access-log-urls: pattern \"~[\" does not compile"));
  EXPECT_THAT(text, HasSubstr("log-format-upstream: "));
}

TEST(Check, UnreadableInputExitsWithTwo) {
  test::ManifestFolder folder;
  folder.write("a.yaml", "kind: [");

  EXPECT_EQ(check({folder.path()}).status, 2);
  EXPECT_EQ(check({folder.path() + "/none.yaml"}).status, 2);
}

TEST(Check, JsonHoldsEveryDiagnosticWithItsObjectAndFile) {
  test::ManifestFolder folder;
  folder.write("a.yaml", test::kObjects + test::ingress("shop", "shop.example", "/", "no-such-annotation: x"));

  const auto json = nlohmann::json::parse(check({folder.path()}, {.json = true}).text);

  EXPECT_EQ(json["warnings"], 1);
  EXPECT_EQ(json["errors"], 0);
  ASSERT_EQ(json["diagnostics"].size(), 1u);
  const auto& first = json["diagnostics"][0];
  EXPECT_EQ(first["severity"], "warning");
  EXPECT_EQ(first["kind"], "Ingress");
  EXPECT_EQ(first["name"], "shop");
  EXPECT_THAT(first["file"].get<std::string>(), HasSubstr("a.yaml"));
}

}  // namespace
}  // namespace weir::app
