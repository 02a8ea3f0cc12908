#include "settings_checks.h"

#include <algorithm>
#include <utility>

namespace weir::app {

base::Diagnostic about_config_map(const model::Options& options, std::string code, std::string key, std::string text) {
  base::Diagnostic diagnostic;
  diagnostic.severity = base::Severity::warning;
  diagnostic.code = std::move(code);
  if (options.config_map) diagnostic.object = {"ConfigMap", options.config_map->ns, options.config_map->name};
  diagnostic.key = std::move(key);
  diagnostic.text = std::move(text);
  return diagnostic;
}

base::Diagnostics about_access_log(const model::Options& options, const std::vector<std::string>& problems) {
  base::Diagnostics all;
  for (const std::string& problem : problems) {
    const std::size_t colon = std::min(problem.find(": "), problem.size());
    all.push_back(about_config_map(options, "access-log", problem.substr(0, colon),
                                   problem.substr(std::min(colon + 2, problem.size()))));
  }
  return all;
}

}  // namespace weir::app
