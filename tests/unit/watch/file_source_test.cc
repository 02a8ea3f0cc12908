#include "weir/watch/file_source.h"

#include "unit/watch/temp_folder.h"

#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>

namespace weir::watch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

class FileSourceTest : public testing::Test {
 protected:
  void start() { start(folder_.path()); }
  void start(const std::string& path) {
    source_ = std::make_unique<FileSource>(context_, path, [this] {
      ++changes_;
      if (on_change_) on_change_();
    });
    const auto result = source_->start();
    ASSERT_TRUE(result.has_value()) << result.error().text();
  }

  // "a=1 b=2": the ConfigMaps in force.
  std::string contents() const {
    std::string text;
    for (const auto& [name, object] : source_->state().config_maps) {
      text += (text.empty() ? "" : " ") + name.name + "=" + object->data.at("k");
    }
    return text;
  }

  std::vector<std::string> diagnostics() const {
    std::vector<std::string> all;
    for (const auto& diagnostic : source_->diagnostics()) all.push_back(base::to_string(diagnostic));
    return all;
  }

  // Runs the loop until the condition holds; false after five seconds.
  bool run_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!condition()) {
      if (context_.run_one_until(end) == 0) return condition();
    }
    return true;
  }

  bool reaches(const std::string& expected) {
    const bool reached = run_until([&] { return contents() == expected; });
    EXPECT_EQ(contents(), expected);
    return reached;
  }

  TempFolder folder_;
  boost::asio::io_context context_{1};
  std::unique_ptr<FileSource> source_;
  std::function<void()> on_change_;
  int changes_ = 0;
};

TEST_F(FileSourceTest, ReadsWhatIsThereAtStart) {
  folder_.write("a.yaml", config_map("a", "1") + "---\n" + config_map("b", "1"));

  start();

  EXPECT_EQ(contents(), "a=1 b=1");
  EXPECT_EQ(changes_, 0) << "start() calls nobody back";
}

TEST_F(FileSourceTest, StartFailsWithoutItsFolder) {
  FileSource absent(context_, folder_ / "absent", [] {});
  EXPECT_THAT(absent.start().error().text(), HasSubstr("No such file"));
  folder_.write("file", "");
  FileSource file(context_, folder_ / "file", [] {});
  EXPECT_THAT(file.start().error().text(), HasSubstr("Not a directory"));
}

TEST_F(FileSourceTest, FilesComeByRenameAndGoByUnlink) {
  start();

  folder_.write_by_rename("a.yaml", config_map("a", "1"));
  EXPECT_TRUE(reaches("a=1"));
  folder_.write_by_rename("a.yaml", config_map("a", "2"));
  EXPECT_TRUE(reaches("a=2"));
  fs::rename(folder_ / "a.yaml", folder_ / "b.yaml");
  EXPECT_TRUE(run_until([&] { return changes_ >= 3; }));
  EXPECT_EQ(contents(), "a=2") << "renaming a file loses nothing";
  fs::remove(folder_ / "b.yaml");
  EXPECT_TRUE(reaches(""));
}

TEST_F(FileSourceTest, FilesAreWrittenInPlace) {
  folder_.write("a.yaml", config_map("a", "1"));
  start();

  folder_.write("a.yaml", config_map("a", "2"));

  EXPECT_TRUE(reaches("a=2"));
}

TEST_F(FileSourceTest, HalfWrittenFilesAreNotRead) {
  start();

  std::ofstream half(folder_ / "h.yaml");
  half << config_map("h", "1") << "---\n{apiVersion" << std::flush;
  folder_.write("later.yaml", config_map("later", "1"));
  EXPECT_TRUE(reaches("later=1"));
  EXPECT_THAT(diagnostics(), IsEmpty());
  half << ": v1, kind: ConfigMap, metadata: {name: i}, data: {k: '1'}}";
  half.close();

  EXPECT_TRUE(reaches("h=1 i=1 later=1"));
}

TEST_F(FileSourceTest, LinksAreReadWhenTheyAreMade) {
  TempFolder elsewhere;
  elsewhere.write("x", config_map("soft", "1"));
  elsewhere.write("y", config_map("hard", "1"));
  start();

  fs::create_symlink(elsewhere / "x", folder_ / "soft.yaml");
  EXPECT_TRUE(reaches("soft=1"));
  fs::create_hard_link(elsewhere / "y", folder_ / "hard.yaml");
  EXPECT_TRUE(reaches("hard=1 soft=1"));
}

TEST_F(FileSourceTest, AMountedConfigMapIsSwapped) {
  const auto mount = [this](const std::string& version, const std::string& value,
                            std::initializer_list<const char*> names) {
    fs::create_directory(folder_ / version);
    for (const std::string name : names) {
      folder_.write(version + "/" + name + ".yaml", config_map(name, value));
    }
    fs::create_symlink(version, folder_ / "..data_tmp");
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
  };
  mount("..1", "1", {"a", "b", "c"});
  for (const std::string name : {"a", "b", "c"})
    fs::create_symlink("..data/" + name + ".yaml", folder_ / (name + ".yaml"));
  start();
  EXPECT_EQ(contents(), "a=1 b=1 c=1");

  std::set<std::string> seen;
  on_change_ = [&] { seen.insert(contents()); };
  mount("..2", "2", {"a", "b", "d"});
  fs::remove_all(folder_ / "..1");
  fs::create_symlink("..data/d.yaml", folder_ / "d.yaml");
  fs::remove(folder_ / "c.yaml");

  EXPECT_TRUE(reaches("a=2 b=2 d=2"));
  EXPECT_THAT(diagnostics(), IsEmpty());
  EXPECT_EQ(seen.size(), 1u) << "the swap shows as one change";
}

TEST_F(FileSourceTest, ChangesMadeTogetherShowTogether) {
  start();

  for (int i = 0; i < 100; ++i) {
    folder_.write_by_rename("f" + std::to_string(i) + ".yaml", config_map("c" + std::to_string(i), "1"));
  }

  EXPECT_TRUE(run_until([&] { return source_->state().config_maps.size() == 100; }));
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileSourceTest, WhatIsVisibleHasEverythingWrittenBefore) {
  folder_.write_by_rename("a.yaml", config_map("a", "0"));
  folder_.write_by_rename("b.yaml", config_map("b", "0"));
  start();
  int round = 0;
  bool complete = true;
  // Writing from within the callback puts writes between the reads of the source.
  on_change_ = [&] {
    const auto& maps = source_->state().config_maps;
    const int a = std::stoi(maps.at({"default", "a"})->data.at("k"));
    const int b = std::stoi(maps.at({"default", "b"})->data.at("k"));
    complete = complete && b >= a;  // b is always written first
    if (++round >= 20) return;
    folder_.write_by_rename("b.yaml", config_map("b", std::to_string(round)));
    folder_.write_by_rename("a.yaml", config_map("a", std::to_string(round)));
  };
  folder_.write_by_rename("b.yaml", config_map("b", "1"));

  EXPECT_TRUE(run_until([&] { return round >= 20; }));
  EXPECT_TRUE(complete);
}

TEST_F(FileSourceTest, ABrokenFileKeepsItsObjectsAndIsReported) {
  folder_.write("a.yaml", config_map("a", "1"));
  start();

  folder_.write_by_rename("a.yaml", "a: [\n");
  EXPECT_TRUE(run_until([&] { return changes_ > 0; }));
  EXPECT_EQ(contents(), "a=1");
  EXPECT_THAT(diagnostics(),
              ElementsAre(AllOf(HasSubstr("error: ConfigMap default/a: not YAML"), HasSubstr("a.yaml:"))));

  folder_.write_by_rename("a.yaml", config_map("a", "2"));
  EXPECT_TRUE(reaches("a=2"));
  EXPECT_THAT(diagnostics(), IsEmpty());
}

TEST_F(FileSourceTest, OtherNamesAreLeftAlone) {
  start();

  folder_.write(".a.yaml", config_map("a", "1"));
  folder_.write("b.yaml.bak", config_map("b", "1"));
  fs::create_directory(folder_ / "c.yaml");
  folder_.write("d.yaml", config_map("d", "1"));

  EXPECT_TRUE(reaches("d=1"));
  EXPECT_THAT(diagnostics(), IsEmpty());
}

TEST_F(FileSourceTest, AFolderMadeAgainIsFoundAgain) {
  const std::string path = folder_ / "m";
  fs::create_directory(path);
  folder_.write("m/a.yaml", config_map("a", "1"));
  folder_.write("m/b.yaml", config_map("b", "1"));
  start(path);

  fs::rename(path, folder_ / "away");
  EXPECT_TRUE(run_until([&] { return !source_->diagnostics().empty(); }));
  EXPECT_EQ(contents(), "a=1 b=1") << "kept while the folder is away";
  EXPECT_THAT(diagnostics(), ElementsAre(HasSubstr("stay in force")));

  fs::create_directory(path);
  folder_.write("m/a.yaml", config_map("a", "2"));
  EXPECT_TRUE(reaches("a=2"));
  EXPECT_THAT(diagnostics(), IsEmpty());
  folder_.write_by_rename("m/c.yaml", config_map("c", "1"));
  EXPECT_TRUE(reaches("a=2 c=1"));
}

TEST_F(FileSourceTest, ARemovedFolderIsToldOnceAndFoundAgain) {
  const std::string path = folder_ / "m";
  fs::create_directory(path);
  folder_.write("m/a.yaml", config_map("a", "1"));
  start(path);

  fs::remove_all(path);
  EXPECT_TRUE(run_until([&] { return !source_->diagnostics().empty() && contents().empty(); }));
  const int told = changes_;
  context_.run_for(std::chrono::milliseconds(350));
  EXPECT_LE(changes_, told + 1) << "the reason may become more exact, but is not repeated with each try";

  fs::create_directory(path);
  folder_.write("m/a.yaml", config_map("a", "2"));
  EXPECT_TRUE(reaches("a=2"));
}

TEST_F(FileSourceTest, ALinkInTheFoldersPathIsFollowed) {
  fs::create_directories(folder_ / "v1/m");
  fs::create_directories(folder_ / "v2/m");
  folder_.write("v1/m/a.yaml", config_map("a", "1"));
  folder_.write("v2/m/a.yaml", config_map("a", "2"));
  fs::create_symlink("v1", folder_ / "current");
  start(folder_ / "current/m");
  EXPECT_EQ(contents(), "a=1");

  fs::create_symlink("v2", folder_ / "next");
  fs::rename(folder_ / "next", folder_ / "current");

  EXPECT_TRUE(reaches("a=2"));
}

TEST_F(FileSourceTest, DestroyingTheSourceFromItsCallbackIsFine) {
  start();
  on_change_ = [this] { source_.reset(); };
  folder_.write("a.yaml", config_map("a", "1"));

  EXPECT_TRUE(run_until([&] { return source_ == nullptr; }));
  folder_.write("a.yaml", config_map("a", "2"));
  context_.run_for(std::chrono::milliseconds(150));
  EXPECT_EQ(changes_, 1);
}

TEST_F(FileSourceTest, LostEventsAreMadeUpFor) {
  folder_.write("gone.yaml", config_map("gone", "1"));
  start();

  // More events than the kernel keeps for a reader who is away (fs.inotify.max_queued_events).
  int most = 16384;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  ASSERT_LE(most, 200'000) << "too many to fill the queue in a test";
  for (int i = 0; i <= most / 2; ++i) {
    fs::create_symlink("nowhere", folder_ / "x");
    fs::remove(folder_ / "x");
  }
  folder_.write_by_rename("late.yaml", config_map("late", "1"));
  fs::remove(folder_ / "gone.yaml");

  EXPECT_TRUE(reaches("late=1"));
}

TEST_F(FileSourceTest, OneChangeAmongManyFilesReadsOneFile) {
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "c" + std::to_string(i);
    folder_.write(name + ".yaml", config_map(name, "1"));
  }
  start();
  ASSERT_EQ(source_->state().config_maps.size(), 2000u);
  const auto before = source_->state().config_maps;

  const auto begin = std::chrono::steady_clock::now();
  folder_.write_by_rename("c7.yaml", config_map("c7", "2"));
  EXPECT_TRUE(run_until([&] { return changes_ > 0; }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200));

  int replaced = 0;
  for (const auto& [name, object] : source_->state().config_maps) replaced += before.at(name) != object ? 1 : 0;
  EXPECT_EQ(replaced, 1);
}

}  // namespace
}  // namespace weir::watch
