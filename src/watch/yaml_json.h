// YAML text -> JSON documents with Kubernetes' typing (yaml_scalar.h). yaml-cpp stays inside yaml_json.cc. Guards:
// UTF-8 without control characters only, nesting at most kube::kMaxNesting, aliases that contain themselves are
// refused, and what aliases repeat is at most kMaxRepeated bytes per document ("billion laughs"). Pure; never throws.
#pragma once

#include "watch/json_document.h"
#include "weir/base/result.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace weir::watch {

constexpr std::size_t kMaxYamlDocument = 16u << 20;  // bytes; the library needs many times as much while it reads
constexpr std::size_t kMaxRepeated = 1u << 20;

// Every non-empty document of the text, in order; a document that is no YAML has `error` set and does not hide the ones
// after it. Fails when the text as a whole is unusable; the error's code() is the line (1-based).
base::Result<std::vector<JsonDocument>> yaml_to_json_documents(std::string_view text);

}  // namespace weir::watch
