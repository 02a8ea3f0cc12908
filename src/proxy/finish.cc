// Step 11 of life-of-a-request: access log, metrics, release.
#include "proxy/finish.h"

#include "proxy/log_entry.h"
#include "weir/observe/log.h"
#include "weir/upstream/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace weir::proxy {
namespace {

bool host_is_configured(const Request& request) {
  const std::string& host = request.head.host;
  if (request.host->name == host) return true;
  const std::vector<std::string>& aliases = request.host->aliases;
  return std::find(aliases.begin(), aliases.end(), host) != aliases.end();
}

void log_request(observe::AccessLogBuffer& log, const Request& request, std::int64_t took_us) {
  if (log.wants_details()) return log.append(LogEntry(request, took_us).entry);
  observe::AccessLogEntry entry;
  describe_for_default_layout(request, took_us, entry);
  log.append(entry);
}

void count_request(Worker& worker, const Request& request, std::int64_t took_us) {
  observe::RequestSample sample;
  const route::Location& location = *request.location;
  sample.location = location.id;
  sample.status = request.status;
  sample.method = request.head.method_text();
  sample.host = request.head.host;
  sample.host_is_configured = host_is_configured(request);
  sample.path = location.path;
  sample.ns = location.ns;
  sample.ingress = location.ingress;
  sample.service = location.service;
  sample.canary = request.canary;
  sample.request_time = took_us;
  if (request.tries.size() == 1) {
    const observe::UpstreamTry& only = request.tries.front();
    sample.connect_time = only.connect_time;
    sample.header_time = only.header_time;
    sample.response_time = only.response_time;
  }
  sample.request_length = request.head.size + request.body.bytes_read();
  sample.bytes_sent = request.head_bytes_sent + request.body_bytes_sent;
  worker.metrics().requests.observe(sample);
}

// debug-connections: by the connection's own peer, as the original does it.
bool is_debugged(const Request& request) {
  return request.table != nullptr && !request.settings().debug_connections.empty() &&
         request.settings().debug_connections.contains(request.connection->address);
}

// A line that was asked for does not depend on the log's level.
void tell_request(const Request& request, std::int64_t took_us) {
  std::string tries;
  for (const observe::UpstreamTry& one : request.tries) {
    tries += fmt::format(" [{} status {} connected {} us, head {} us, done {} us]", one.address, one.status,
                         one.connect_time, one.header_time, one.response_time);
  }
  const route::Location* at = request.location;
  observe::log::info(
      "proxy",
      "debug-connections: {}:{} connection {} request {}: {} {} host {} client {} id {}: rule {}/{} path {} "
      "service {}: {} {} after {} us{}{}",
      request.connection->address_text, request.connection->port, request.connection_serial,
      request.connection_requests, request.head.method_text(), request.head.target(), request.head.host,
      request.forwarded.address_text, request.request_id, at ? at->ns : std::string(), at ? at->ingress : std::string(),
      at ? at->path : std::string(), at ? at->service : std::string(), request.status,
      request.reason.empty() ? std::string_view("by the backend") : request.reason, took_us,
      tries.empty() ? "" : ", tries:", tries);
}

}  // namespace

bool is_logged(const Request& request) {
  if (request.silent) return false;
  if (request.table == nullptr) return true;
  const features::Settings& settings = request.settings();
  if (!settings.access_log) return false;
  if (request.location == nullptr) return true;
  if (request.location->untouched_default && !settings.access_log_for_default_backend) return false;
  return request.policies().access_log.enabled;
}

bool keeps_sent_head(Worker& worker, const Request& request) {
  observe::AccessLogBuffer* const log = worker.access_log();
  return log != nullptr && log->wants_sent_fields() && is_logged(request);
}

void finish(Worker& worker, Request& request) {
  try {
    if (request.status == 0) {  // the frame was destroyed: no memory, or a drain's deadline
      const upstream::FailureInfo& why = upstream::info(
          std::uncaught_exceptions() > 0 ? upstream::Failure::out_of_memory : upstream::Failure::draining);
      request.status = why.status;
      request.reason = why.reason;
    }
    worker.metrics().requests_total.add();
    if (!request.reason.empty()) worker.metrics().count_reason(request.reason);
    const std::int64_t took_us = worker.reactor().now_us() - request.began_us;
    if (worker.access_log() != nullptr && is_logged(request)) log_request(*worker.access_log(), request, took_us);
    if (request.location != nullptr && !request.silent) count_request(worker, request, took_us);
    if (is_debugged(request)) tell_request(request, took_us);
  } catch (const std::exception& error) {  // no memory for a log line must not end the worker
    observe::log::error("proxy", "a request was neither logged nor counted: {}", error.what());
  }
  request.body.release();
}

}  // namespace weir::proxy
