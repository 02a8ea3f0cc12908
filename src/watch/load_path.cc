#include "weir/watch/load_path.h"

#include "watch/manifest_folder.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace weir::watch {

Loaded load_paths(const std::vector<std::string>& paths) {
  ManifestStore store;
  base::Diagnostics folders;
  for (const std::string& path : paths) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      store.fail(path, "does not exist or cannot be reached");
      continue;
    }
    if (!S_ISDIR(info.st_mode)) {
      (void)read_into(store, path, ManifestStore::Occasion::seen);  // a failure is among the store's diagnostics
      continue;
    }
    const auto names = list_manifests(path);
    if (names.has_error()) {
      folders.push_back({base::Severity::error, "unreadable-folder", {}, "", names.error().text(), path, 0});
      continue;
    }
    const std::string prefix = ends_with(path, "/") ? path : path + "/";
    for (const std::string& name : names.value()) {
      (void)read_into(store, prefix + name, ManifestStore::Occasion::seen);  // as above
    }
  }
  Loaded loaded{store.state(), store.diagnostics()};
  loaded.diagnostics.insert(loaded.diagnostics.begin(), folders.begin(), folders.end());
  return loaded;
}

Loaded load_path(const std::string& path) {
  return load_paths({path});
}

}  // namespace weir::watch
