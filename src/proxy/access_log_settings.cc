#include "weir/proxy/access_log_settings.h"

namespace weir::proxy {

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

}  // namespace weir::proxy
