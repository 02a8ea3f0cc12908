// The file system side of reading manifests: which files of a folder count, and their bytes into a ManifestStore.
#pragma once

#include "watch/manifest_store.h"
#include "weir/base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir::watch {

constexpr std::size_t kMaxFile = 64u << 20;  // bytes

// "x.yaml", "x.yml", "x.json"; hidden names do not count: they are editors' and mounts' own business.
bool is_manifest_name(std::string_view name);

// The manifest names in a folder, oldest written first, then by name. Error::code() is the errno.
base::Result<std::vector<std::string>> list_manifests(const std::string& folder);

enum class ReadOutcome { done, failed };

// Reads one file into the store. A file that is not there takes its objects with it; folders are passed over. `failed`:
// there is something, but it could not be read; the store says so in its diagnostics.
ReadOutcome read_into(ManifestStore& store, const std::string& path, ManifestStore::Occasion occasion);

}  // namespace weir::watch
