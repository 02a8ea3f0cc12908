// One manifest file as data: its text -> objects, and what is wrong with it. Pure.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/kube/decode.h"

#include <string>
#include <string_view>
#include <vector>

namespace weir::watch {

struct ManifestObject {
  base::ObjectRef ref;
  int line = 0;
  std::vector<kube::AnyObject> objects;  // several or none for a legacy Endpoints object
};

struct Manifest {
  std::vector<ManifestObject> objects;   // each name once; of repeated ones the last
  std::vector<base::ObjectRef> refused;  // named objects that did not decode
  // A part of the file could not even be attributed to an object: any object of an earlier version may be meant.
  bool unreadable = false;
  base::Diagnostics diagnostics;
};

// A name ending in .json is read as JSON documents, any other as YAML. `file` also stands in the diagnostics.
Manifest read_manifest(const std::string& file, std::string_view text);

bool ends_with(std::string_view text, std::string_view end);

}  // namespace weir::watch
