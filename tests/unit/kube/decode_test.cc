#include "weir/kube/decode.h"

#include "unit/kube/decode_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

std::string config_map(std::string_view metadata, std::string_view data = "{}") {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":)" + std::string(metadata) + R"(,"data":)" +
         std::string(data) + "}";
}

TEST(Decode, ReadsMetadata) {
  const auto object = only<ConfigMap>(config_map(R"({
    "name": "c", "namespace": "n", "uid": "u", "resourceVersion": "7", "creationTimestamp": "1970-01-01T00:01:00Z",
    "deletionTimestamp": "2030-01-01T00:00:00Z", "labels": {"l": "1"}, "managedFields": [{"anything": [1, 2]}],
    "annotations": {"a": "x", "empty": null, "kubectl.kubernetes.io/last-applied-configuration": "{}"}})"));

  EXPECT_EQ(object.meta.name, "c");
  EXPECT_EQ(object.meta.ns, "n");
  EXPECT_EQ(object.meta.uid, "u");
  EXPECT_EQ(object.meta.resource_version, "7");
  EXPECT_EQ(object.meta.created, 60);
  EXPECT_TRUE(object.meta.deleting);
  EXPECT_THAT(object.meta.labels, ElementsAre(Pair("l", "1")));
  EXPECT_THAT(object.meta.annotations, ElementsAre(Pair("a", "x"), Pair("empty", "")));
}

TEST(Decode, AbsentAndNullFieldsHaveDefaults) {
  const auto object = only<ConfigMap>(
      config_map(R"({"name":"c","namespace":null,"creationTimestamp":null,"annotations":null,"labels":null})", "null"));

  EXPECT_EQ(object.meta.object_name(), (ObjectName{"default", "c"}));
  EXPECT_EQ(object.meta.created, 0);
  EXPECT_THAT(object.data, IsEmpty());
}

TEST(Decode, FutureCreationIsTakenAndAncientCountsAsOldest) {
  EXPECT_EQ(only<ConfigMap>(config_map(R"({"name":"c","creationTimestamp":"9999-01-01T00:00:00Z"})")).meta.created,
            253370764800);
  EXPECT_EQ(only<ConfigMap>(config_map(R"({"name":"c","creationTimestamp":"0001-01-01T00:00:00Z"})")).meta.created, 0);
}

TEST(Decode, ClusterWideKindsHaveNoNamespace) {
  const auto object = only<IngressClass>(
      R"({"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"nginx","namespace":"x"},
          "spec":{"controller":"k8s.io/ingress-nginx","parameters":{"kind":"K","name":"p"}}})");

  EXPECT_EQ(object.meta.object_name(), (ObjectName{"", "nginx"}));
  EXPECT_EQ(object.controller, "k8s.io/ingress-nginx");
  EXPECT_TRUE(object.has_parameters);
}

TEST(Decode, NamesMustBePresentAndHarmless) {
  for (auto bad : {R"({})", R"({"name":""})", R"({"name":null})", R"({"generateName":"x-"})"}) {
    EXPECT_THAT(error_of(config_map(bad)), HasSubstr("metadata.name: is missing")) << bad;
  }
  for (auto bad : {R"({"name":"a/b"})", R"({"name":"a\nb"})", R"({"name":"a\u0000"})", R"({"name":".."})",
                   R"({"name":"\u00e4"})", R"({"name":"a","namespace":"b/c"})"}) {
    EXPECT_THAT(error_of(config_map(bad)), HasSubstr("metadata.name")) << bad;
  }
  EXPECT_THAT(error_of(config_map(R"({"name":")" + std::string(254, 'a') + R"("})")), HasSubstr("longer than 253"));
}

TEST(Decode, ProblemsNameObjectAndFieldAndWhatToChange) {
  EXPECT_EQ(
      error_of(config_map(R"({"name":"c","annotations":{"a.b/c":true}})")),
      "ConfigMap default/c: metadata.annotations[a.b/c]: expected a string, found a boolean; put the value in quotes");
  EXPECT_EQ(error_of(config_map(R"({"name":"c","namespace":"n"})", R"({"proxy-body-size":8})")),
            "ConfigMap n/c: data[proxy-body-size]: expected a string, found a number; put the value in quotes");
  EXPECT_EQ(error_of(config_map(R"({"name":7})")),
            "ConfigMap: metadata.name: expected a string, found a number; put the value in quotes");
  EXPECT_EQ(error_of(config_map(R"("c")")), "ConfigMap: metadata: expected an object, found a string");
  EXPECT_EQ(error_of(config_map(R"({"name":"c"})", "[]")),
            "ConfigMap default/c: data: expected an object, found a list");
  EXPECT_THAT(error_of(config_map(R"({"name":"c","creationTimestamp":"yesterday"})")), HasSubstr("RFC 3339"));
}

TEST(Decode, LastOfDuplicateKeysCounts) {
  EXPECT_THAT(only<ConfigMap>(config_map(R"({"name":"c"})", R"({"a":"1","b":"2","a":"3"})")).data,
              ElementsAre(Pair("a", "3"), Pair("b", "2")));
}

TEST(Decode, SecretsHoldDecodedBytes) {
  const auto secret = only<Secret>(
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"type":"kubernetes.io/tls",
          "data":{"a":"AAE=","b":"eA==","n":null},"stringData":{"b":"plain"}})");

  EXPECT_EQ(secret.type, "kubernetes.io/tls");
  EXPECT_THAT(secret.data, ElementsAre(Pair("a", std::string("\0\1", 2)), Pair("b", "plain"), Pair("n", "")));
  EXPECT_EQ(only<Secret>(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}})").type, "Opaque");
}

TEST(Decode, ProblemsNeverQuoteSecretValues) {
  EXPECT_EQ(error_of(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"tls.key":"hush-hush"}})"),
            "Secret default/s: data[tls.key]: is not base64; encode the value or move it to stringData");
  const auto broken = decode(R"({"apiVersion":"v1","kind":"Secret","stringData":{"p":"hush)"
                             "\x01"
                             R"(hush"}})");
  ASSERT_TRUE(broken.has_error());
  EXPECT_THAT(broken.error().text(), Not(HasSubstr("hush")));
}

TEST(Decode, ListsKeepTheirGoodItems) {
  const Decoded all = decoded(R"({"apiVersion":"v1","kind":"List","items":[
    {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}},
    {"apiVersion":"v1","kind":"ConfigMap","metadata":{}},
    7, null,
    {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"x"}},
    {"kind":"List","apiVersion":"v1","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}]}]})");

  ASSERT_EQ(all.items.size(), 2u);
  EXPECT_EQ(base::to_string(all.items[0].ref), "ConfigMap default/a");
  EXPECT_EQ(all.items[0].place, 0);
  EXPECT_EQ(base::to_string(all.items[1].ref), "ConfigMap default/b");
  EXPECT_EQ(all.items[1].place, 5);
  EXPECT_THAT(all.skipped, ElementsAre("apps/v1 Deployment x/d"));
  ASSERT_EQ(all.errors.size(), 3u);
  EXPECT_EQ(all.errors[0].place, 1);
  EXPECT_EQ(all.errors[1].place, 2);
  EXPECT_EQ(all.errors[2].place, 3);
}

TEST(Decode, ItemsOfTypedListsInheritTheirKind) {
  const Decoded all = decoded(R"({"apiVersion":"v1","kind":"ConfigMapList","metadata":{"resourceVersion":"1"},
    "items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]})");

  EXPECT_EQ(all.objects.size(), 2u);
  EXPECT_THAT(all.errors, IsEmpty());
  EXPECT_EQ(decoded(R"({"apiVersion":"v1","kind":"List","items":null})").objects.size(), 0u);
}

TEST(Decode, ForeignKindsAreSkippedAndWrongVersionsOfOwnKindsAreErrors) {
  EXPECT_THAT(decoded(R"({"apiVersion":"x.io/v1","kind":"AllowList","spec":{}})").skipped,
              ElementsAre("x.io/v1 AllowList"));
  EXPECT_THAT(decoded(R"({"apiVersion":"config.openshift.io/v1","kind":"Ingress","metadata":{"name":"c"}})").skipped,
              ElementsAre("config.openshift.io/v1 Ingress c"));
  EXPECT_EQ(error_of(R"({"apiVersion":"v1","kind":"Ingress","metadata":{"name":"c"}})"),
            "Ingress c: apiVersion: there is no Ingress in this version; use networking.k8s.io/v1");
  EXPECT_EQ(error_of(R"({"kind":"Ingress"})"), "Ingress: apiVersion: is missing");
  EXPECT_EQ(error_of(R"({"a":1})"), "kind: is missing");
}

TEST(Decode, TextsThatAreNoObjectFail) {
  for (auto bad : {"", " ", "[]", "7", "null", "\"x\"", "{", "{]", "{\"a\":1e999}", "{\"a\":\"\xff\"}", "{} {}"}) {
    EXPECT_TRUE(decode(bad).has_error()) << bad;
  }
}

TEST(Decode, SyntaxErrorsNameTheLine) {
  const auto result = decode("{\n \"a\": 1,\n \"b\" 2\n}");

  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().code(), 3);
  EXPECT_THAT(result.error().text(), HasSubstr("not JSON: "));
}

TEST(Decode, DeepNestingIsRefusedCheaply) {
  const std::string opened(1'000'000, '[');
  EXPECT_THAT(decode("{\"a\":" + opened).error().text(), HasSubstr("nested deeper"));
  const std::string brackets_in_text =
      config_map(R"({"name":"c","annotations":{"a":")" + std::string(500, '[') + "\"}}");
  EXPECT_EQ(decoded(brackets_in_text).objects.size(), 1u);
}

TEST(Decode, OversizedObjectsAreRefused) {
  const std::string big(300 * 1024, 'x');
  EXPECT_THAT(error_of(config_map(R"({"name":"c","annotations":{"a":")" + big + "\"}}")), HasSubstr("256 KiB"));
  EXPECT_THAT(error_of(config_map(R"({"name":"c"})", R"({"a":")" + std::string((1 << 20) + 1, 'x') + "\"}")),
              HasSubstr("1 MiB"));
}

TEST(Decode, NamesInMessagesAreSafeForLogs) {
  EXPECT_THAT(error_of(config_map(R"({"name":"a\nerror: forged"})")), Not(HasSubstr("\n")));
  EXPECT_THAT(decoded(R"({"apiVersion":"x/v1","kind":"K\n","metadata":{"name":"\u001b[2J"}})").skipped,
              ElementsAre("x/v1 K? ?[2J"));
}

}  // namespace
}  // namespace weir::kube
