// kubeconfig files -> ApiConfig, as kubectl reads them: several files are merged, the first that sets something wins,
// relative paths are meant from the folder of their file. yaml-cpp and nlohmann/json stay in the .cc. Blocking.
#pragma once

#include "weir/base/result.h"
#include "weir/watch/api_config.h"

#include <string>
#include <vector>

namespace weir::watch {

// `context`: empty for the current one. `missing_is_fine`: files that do not exist are left out (those of $KUBECONFIG).
base::Result<ApiConfig> load_kubeconfig(const std::vector<std::string>& files, const std::string& context,
                                        bool missing_is_fine, bool allow_insecure);

// "https://host:port/path" into `config`; an error names `what`.
base::Result<void> set_server(ApiConfig& config, const std::string& url, const std::string& what);

// A whole file, at most 1 MiB.
base::Result<std::string> read_small_file(const std::string& path);

}  // namespace weir::watch
