// Diagnostics about what of the ConfigMap concerns things outside the table. Shared by the daemon and `weir check`.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/model/options.h"

#include <string>
#include <vector>

namespace weir::app {

// A warning about a key of the controller's ConfigMap.
base::Diagnostic about_config_map(const model::Options& options, std::string code, std::string key, std::string text);

// Texts "key: problem" of observe::AccessLog as diagnostics.
base::Diagnostics about_access_log(const model::Options& options, const std::vector<std::string>& problems);

}  // namespace weir::app
