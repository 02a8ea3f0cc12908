#include "weir/watch/load_path.h"

#include "unit/watch/temp_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <chrono>

namespace weir::watch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const Loaded& loaded) {
  std::vector<std::string> all;
  for (const auto& [name, object] : loaded.state.config_maps) all.push_back(name.name + "=" + object->data.at("k"));
  return all;
}

std::vector<std::string> codes(const Loaded& loaded) {
  std::vector<std::string> all;
  for (const auto& diagnostic : loaded.diagnostics) all.push_back(diagnostic.code);
  return all;
}

TEST(LoadPath, ReadsTheManifestsOfAFolder) {
  TempFolder folder;
  folder.write("a.yaml", config_map("a", "1"));
  folder.write("b.yml", config_map("b", "1"));
  folder.write("c.json", R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"k":"1"}})");
  folder.write("notes.txt", config_map("d", "1"));
  folder.write(".hidden.yaml", config_map("e", "1"));
  std::filesystem::create_directory(folder / "sub.yaml");
  folder.write("sub.yaml/f.yaml", config_map("f", "1"));

  const Loaded loaded = load_path(folder.path());

  EXPECT_THAT(names(loaded), ElementsAre("a=1", "b=1", "c=1"));
  EXPECT_THAT(codes(loaded), IsEmpty());
}

TEST(LoadPath, AFileIsReadWhateverItsName) {
  TempFolder folder;
  folder.write("manifest", config_map("a", "1"));

  EXPECT_THAT(names(load_path(folder / "manifest")), ElementsAre("a=1"));
}

TEST(LoadPath, TheFileWrittenLastWins) {
  TempFolder folder;
  folder.write("a.yaml", config_map("x", "newer"));
  folder.write("b.yaml", config_map("x", "older"));
  std::filesystem::last_write_time(folder / "b.yaml",
                                   std::filesystem::last_write_time(folder / "a.yaml") - std::chrono::hours(1));

  const Loaded loaded = load_path(folder.path());

  EXPECT_THAT(names(loaded), ElementsAre("x=newer"));
  EXPECT_THAT(codes(loaded), ElementsAre("object-duplicate"));
}

TEST(LoadPath, SeveralPathsAreOneState) {
  TempFolder folder;
  folder.write("a.yaml", config_map("a", "1"));
  TempFolder other;
  other.write("b.yaml", config_map("b", "1"));

  EXPECT_THAT(names(load_paths({folder / "a.yaml", other.path() + "/"})), ElementsAre("a=1", "b=1"));
}

TEST(LoadPath, WhatCannotBeReadIsReported) {
  TempFolder folder;
  folder.write("broken.yaml", "a: [\n");
  ASSERT_EQ(::mkfifo((folder / "fifo.yaml").c_str(), 0600), 0);
  std::filesystem::create_symlink("nowhere", folder / "link.yaml");
  folder.write("good.yaml", config_map("a", "1"));

  const Loaded loaded = load_paths({folder.path(), folder / "absent"});

  EXPECT_THAT(names(loaded), ElementsAre("a=1"));
  std::vector<std::string> lines;
  for (const auto& diagnostic : loaded.diagnostics) {
    EXPECT_EQ(diagnostic.code, "unreadable-file");
    EXPECT_EQ(diagnostic.severity, base::Severity::error);
    lines.push_back(diagnostic.file.substr(folder.path().size() + 1) + ": " + diagnostic.text);
  }
  EXPECT_THAT(lines, ElementsAre("absent: does not exist or cannot be reached", HasSubstr("broken.yaml: not YAML"),
                                 "fifo.yaml: is no regular file", "link.yaml: the link points to no file"));
}

}  // namespace
}  // namespace weir::watch
