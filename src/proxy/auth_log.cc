// Step 6 of life-of-a-request: the log line of a sub-request to an authentication service.
#include "proxy/auth_log.h"

#include "proxy/finish.h"
#include "proxy/log_entry.h"

#include <algorithm>
#include <string_view>

namespace weir::proxy {
namespace {

void describe_sub_request(const SubRequest& sub, const AuthAnswer& answer, observe::AccessLogEntry& entry) {
  entry.status = answer.status;
  entry.body_bytes_sent = 0;  // to the client
  entry.tries = sub.tries;
}

}  // namespace

void log_sub_request(Worker& worker, const Request& request, const AuthAnswer& answer, const SubRequest& sub) {
  if (worker.access_log() == nullptr || !request.settings().auth_access_log || !is_logged(request)) return;
  const std::int64_t took_us = worker.reactor().now_us() - sub.began_us;
  observe::AccessLogBuffer& log = *worker.access_log();
  if (!log.wants_details()) {
    observe::AccessLogEntry entry;
    describe_for_default_layout(request, took_us, entry);
    describe_sub_request(sub, answer, entry);
    return log.append(entry);
  }
  const FieldsView upstream_fields(sub.head.fields);
  LogEntry whole(request, took_us);
  describe_sub_request(sub, answer, whole.entry);
  whole.entry.bytes_sent = 0;
  const std::string_view target = sub.target;
  const std::size_t query = std::min(target.find('?'), target.size());
  whole.entry.uri = target.substr(0, query);
  whole.entry.args = target.substr(std::min(query + 1, target.size()));
  whole.entry.proxy_host = sub.host;
  whole.entry.reason = answer.reason;
  whole.entry.upstream_fields = &upstream_fields;
  log.append(whole.entry);
}

}  // namespace weir::proxy
