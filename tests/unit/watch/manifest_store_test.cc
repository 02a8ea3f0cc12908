#include "watch/manifest_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::watch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string config_map(std::string_view name, std::string_view value) {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + std::string(name) + "}, data: {k: '" +
         std::string(value) + "'}}\n";
}

constexpr auto kWritten = ManifestStore::Occasion::written;
constexpr auto kSeen = ManifestStore::Occasion::seen;

class ManifestStoreTest : public testing::Test {
 protected:
  // "a=1 b=2": the ConfigMaps in force.
  std::string contents() const {
    std::string text;
    for (const auto& [name, object] : store_.state().config_maps) {
      text += (text.empty() ? "" : " ") + name.name + "=" + object->data.at("k");
    }
    return text;
  }

  std::vector<std::string> diagnostics() const {
    std::vector<std::string> all;
    for (const auto& diagnostic : store_.diagnostics()) all.push_back(base::to_string(diagnostic));
    return all;
  }

  ManifestStore store_;
};

TEST_F(ManifestStoreTest, FilesBringReplaceAndTakeObjects) {
  store_.update("f", config_map("a", "1") + "---\n" + config_map("b", "1"), kWritten);
  EXPECT_EQ(contents(), "a=1 b=1");

  store_.update("f", config_map("b", "2") + "---\n" + config_map("c", "2"), kWritten);
  EXPECT_EQ(contents(), "b=2 c=2");

  store_.remove("f");
  EXPECT_EQ(contents(), "");
  store_.remove("never-there");
}

TEST_F(ManifestStoreTest, EqualObjectsKeepTheirAddress) {
  store_.update("f", config_map("a", "1") + "---\n" + config_map("b", "1"), kWritten);
  const auto before = store_.state().config_maps.at({"default", "a"});

  store_.update("f", "# moved\n" + config_map("a", "1") + "---\n" + config_map("b", "2"), kWritten);

  EXPECT_EQ(store_.state().config_maps.at({"default", "a"}), before);
  EXPECT_EQ(contents(), "a=1 b=2");
}

TEST_F(ManifestStoreTest, ChangesAreToldOnce) {
  store_.update("f", config_map("a", "1"), kWritten);
  EXPECT_TRUE(store_.take_changed());
  EXPECT_FALSE(store_.take_changed());

  store_.update("f", config_map("a", "1"), kWritten);
  EXPECT_FALSE(store_.take_changed()) << "the same bytes";
  store_.update("f", "a: [", kWritten);
  EXPECT_TRUE(store_.take_changed()) << "a new diagnostic";
  store_.update("f", "a: [ ", kWritten);
  EXPECT_FALSE(store_.take_changed()) << "the same diagnostic";
}

TEST_F(ManifestStoreTest, AFileThatNoLongerParsesKeepsItsObjects) {
  store_.update("f", config_map("a", "1"), kWritten);

  store_.update("f", "a: [\n", kWritten);

  EXPECT_EQ(contents(), "a=1");
  EXPECT_THAT(diagnostics(), ElementsAre(AllOf(HasSubstr("error: ConfigMap default/a: not YAML: "),
                                               HasSubstr("the last good version of ConfigMap default/a stays in force"),
                                               HasSubstr("(f:"))));
  store_.update("f", config_map("a", "2"), kWritten);
  EXPECT_EQ(contents(), "a=2");
  EXPECT_THAT(diagnostics(), IsEmpty());
}

TEST_F(ManifestStoreTest, ABrokenDocumentKeepsWhatItMayMeanAndTheOthersAreTaken) {
  store_.update("f", config_map("a", "1") + "---\n" + config_map("b", "1"), kWritten);

  store_.update("f", config_map("a", "2") + "---\nbroken: [\n---\n" + config_map("c", "2"), kWritten);

  EXPECT_EQ(contents(), "a=2 b=1 c=2");
}

TEST_F(ManifestStoreTest, ARefusedObjectKeepsItsOwnLastVersionOnly) {
  store_.update("f", config_map("a", "1") + "---\n" + config_map("b", "1"), kWritten);

  store_.update("f", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: 1}}\n", kWritten);

  EXPECT_EQ(contents(), "a=1") << "b is gone from the file";
  EXPECT_THAT(diagnostics(), ElementsAre(HasSubstr("the last good version of it stays in force")));
}

TEST_F(ManifestStoreTest, AnUnreadableFileKeepsItsObjectsUntilItIsGone) {
  store_.update("f", config_map("a", "1"), kWritten);

  store_.fail("f", "cannot be read: Permission denied");
  EXPECT_EQ(contents(), "a=1");
  EXPECT_THAT(diagnostics(), ElementsAre(HasSubstr("Permission denied; the last good version of ConfigMap default/a")));

  store_.update("f", config_map("a", "1"), kSeen);
  EXPECT_THAT(diagnostics(), IsEmpty()) << "the same bytes, readable again";
  store_.fail("f", "x");
  store_.remove("f");
  EXPECT_EQ(contents(), "");
  EXPECT_THAT(diagnostics(), IsEmpty());
}

TEST_F(ManifestStoreTest, TheFileWrittenLastWins) {
  store_.update("f", config_map("a", "1"), kWritten);
  store_.update("g", config_map("a", "2"), kWritten);
  EXPECT_EQ(contents(), "a=2");
  EXPECT_THAT(diagnostics(),
              ElementsAre("warning: ConfigMap default/a: also stands in g, which was written later and is "
                          "used (f:1)"));

  store_.update("f", config_map("a", "1"), kSeen);
  EXPECT_EQ(contents(), "a=2") << "only looked at";
  store_.update("f", config_map("a", "1"), kWritten);
  EXPECT_EQ(contents(), "a=1") << "written again, with the same bytes";
  store_.remove("f");
  EXPECT_EQ(contents(), "a=2") << "the other file still has it";
  EXPECT_THAT(diagnostics(), IsEmpty());
}

TEST_F(ManifestStoreTest, OriginsFollowIngresses) {
  const std::string ingress =
      "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i}, spec: {defaultBackend: {service: {name: "
      "s, "
      "port: {number: 80}}}}}";
  store_.update("f", ingress, kWritten);
  store_.update("f", "\n\n" + ingress, kWritten);

  const auto& origin = store_.state().ingress_origins.at({"default", "i"});
  EXPECT_EQ(origin.file, "f");
  EXPECT_EQ(origin.line, 3);
  store_.remove("f");
  EXPECT_THAT(store_.state().ingress_origins, IsEmpty());
}

TEST_F(ManifestStoreTest, LegacyEndpointsAreReplacedAsAWhole) {
  const std::string head = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: e}\nsubsets:\n";
  const std::string subset = "- addresses: [{ip: 10.0.0.1}]\n  ports: [{port: 1}]\n";
  store_.update("f", head + subset + subset, kWritten);
  EXPECT_EQ(store_.state().endpoint_slices.size(), 2u);

  store_.update("g", head + subset, kWritten);
  EXPECT_EQ(store_.state().endpoint_slices.size(), 1u);
  store_.update("g", "apiVersion: v1\nkind: Endpoints\nmetadata: {name: e}\n", kWritten);
  EXPECT_EQ(store_.state().endpoint_slices.size(), 0u);
  store_.remove("g");
  EXPECT_EQ(store_.state().endpoint_slices.size(), 2u);
}

}  // namespace
}  // namespace weir::watch
