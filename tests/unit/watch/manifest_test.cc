#include "watch/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::watch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const Manifest& manifest) {
  std::vector<std::string> all;
  for (const auto& object : manifest.objects)
    all.push_back(base::to_string(object.ref) + ":" + std::to_string(object.line));
  return all;
}

std::vector<std::string> texts(const Manifest& manifest) {
  std::vector<std::string> all;
  for (const auto& diagnostic : manifest.diagnostics)
    all.push_back(diagnostic.code + " " + base::to_string(diagnostic));
  return all;
}

TEST(Manifest, ReadsSeveralDocumentsAndLists) {
  const Manifest manifest = read_manifest("m.yaml", R"(apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: b}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: c}
)");

  EXPECT_THAT(names(manifest), ElementsAre("ConfigMap default/a:1", "ConfigMap default/b:8", "ConfigMap default/c:11"));
  EXPECT_THAT(texts(manifest), IsEmpty());
}

TEST(Manifest, JsonIsReadByItsName) {
  const std::string object = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})";

  EXPECT_THAT(names(read_manifest("m.json", object + "\n" + object)), ElementsAre("ConfigMap default/a:2"));
  EXPECT_THAT(names(read_manifest("m.yaml", object)), ElementsAre("ConfigMap default/a:1"));
}

TEST(Manifest, OneBadObjectDoesNotHideTheOthers) {
  const Manifest manifest = read_manifest("m.yaml", R"(apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: bad}
data: {x: 1}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
)");

  EXPECT_THAT(names(manifest), ElementsAre("ConfigMap default/a:1", "ConfigMap default/c:10"));
  EXPECT_THAT(texts(manifest),
              ElementsAre("object-invalid error: ConfigMap default/bad: data.x: expected a string, found "
                          "a number; put the value in quotes (m.yaml:5)"));
  EXPECT_THAT(manifest.refused, ElementsAre(base::ObjectRef{"ConfigMap", "default", "bad"}));
  EXPECT_FALSE(manifest.unreadable);
}

TEST(Manifest, PartsThatNameNoObjectMakeTheFileUnreadable) {
  EXPECT_TRUE(read_manifest("m.yaml", "a: [").unreadable);
  EXPECT_TRUE(read_manifest("m.yaml", "a: \x01").unreadable);
  EXPECT_TRUE(read_manifest("m.yaml", "just text").unreadable);
  EXPECT_TRUE(read_manifest("m.yaml", "apiVersion: v1\nkind: ConfigMap\n").unreadable);
  EXPECT_FALSE(read_manifest("m.yaml", "").unreadable);
}

TEST(Manifest, JsonSyntaxErrorsNameTheLineOfTheFile) {
  const Manifest manifest = read_manifest("m.json", "{}\n{\n\"a\" 1\n}\n");

  EXPECT_THAT(texts(manifest),
              ElementsAre(HasSubstr("kind: is missing (m.json:1)"),
                          AllOf(HasSubstr("unreadable-file error: not JSON: "), HasSubstr("(m.json:3)"))));
}

TEST(Manifest, RepeatedObjectsAreReportedAndTheLastOneCounts) {
  const Manifest manifest =
      read_manifest("m.yaml", R"({apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: old}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}, data: {k: new}}
)");

  EXPECT_THAT(texts(manifest), ElementsAre(HasSubstr("object-duplicate warning: ConfigMap default/a: stands several")));
  ASSERT_EQ(manifest.objects.size(), 1u);
  EXPECT_EQ(std::get<std::shared_ptr<const kube::ConfigMap>>(manifest.objects[0].objects.at(0))->data.at("k"), "new");
}

TEST(Manifest, ForeignKindsAreMentioned) {
  EXPECT_THAT(texts(read_manifest("m.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n")),
              ElementsAre("kind-not-read info: apps/v1 Deployment d is of a kind that is not read (m.yaml:1)"));
}

}  // namespace
}  // namespace weir::watch
