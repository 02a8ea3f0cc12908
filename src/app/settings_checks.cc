#include "settings_checks.h"

#include <algorithm>
#include <utility>

namespace weir::app {

observe::AccessLogSettings access_log_settings(const features::Settings& settings) {
  observe::AccessLogSettings log;
  log.enabled = settings.access_log;
  log.path = settings.access_log_path;
  log.syslog = settings.syslog;
  log.syslog_host = settings.syslog_host;
  log.syslog_port = static_cast<std::uint16_t>(settings.syslog_port);
  log.format = settings.log_format;
  log.escape_json = settings.log_escape_json;
  log.escape_none = settings.log_escape_none;
  log.skip_urls = settings.skip_access_log_urls;
  log.stream_enabled = settings.stream_log;
  log.stream_path = settings.stream_log_path;
  log.stream_format = settings.stream_log_format;
  return log;
}

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
