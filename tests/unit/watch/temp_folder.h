// A folder of its own for one test, removed with it.
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace weir::watch {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;  // a test may have removed it
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

  void write(std::string_view name, std::string_view text) const {
    std::ofstream file(*this / name, std::ios::binary | std::ios::trunc);
    file << text;
    EXPECT_TRUE(file.flush().good()) << name;
  }

  // The way a careful writer does it.
  void write_by_rename(std::string_view name, std::string_view text) const {
    const std::string temporary = std::string(name) + ".tmp";
    write(temporary, text);
    std::filesystem::rename(*this / temporary, *this / name);
  }

 private:
  std::string path_;
};

inline std::string config_map(std::string_view name, std::string_view value) {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + std::string(name) + "}, data: {k: '" +
         std::string(value) + "'}}\n";
}

}  // namespace weir::watch
