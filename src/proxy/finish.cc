// Step 11 of life-of-a-request: access log, metrics, release.
#include "proxy/finish.h"

#include "proxy/clock.h"
#include "weir/observe/log.h"
#include "weir/upstream/failure.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <exception>

namespace weir::proxy {
namespace {

// The heads as the log's variables want them. Views of one call.
class FieldsView final : public observe::FieldList {
 public:
  explicit FieldsView(const http::Fields& fields) : fields_(fields) {}
  std::size_t size() const override { return fields_.all().size(); }
  View at(std::size_t i) const override {
    const http::Field& field = fields_.all()[i];
    return {fields_.name(field), fields_.value(field)};
  }

 private:
  const http::Fields& fields_;
};

std::string_view request_line(const Request& request) {
  if (!request.bad_line.empty()) return request.bad_line;
  const std::string_view text = request.head.fields.text();
  const std::size_t begin = request.head.method_at;
  return begin < text.size() ? text.substr(begin, text.find('\r', begin) - begin) : std::string_view();
}

bool is_logged(const Request& request) {
  if (request.silent) return false;
  if (request.table == nullptr) return true;
  const features::Settings& settings = request.settings();
  if (!settings.access_log) return false;
  if (request.location == nullptr) return true;
  if (request.location->untouched_default && !settings.access_log_for_default_backend) return false;
  return request.policies().access_log.enabled;
}

// The primary's, also when the canary served the request.
std::string_view upstream_name(const Request& request) {
  if (request.backend != nullptr && request.canary.empty()) return request.backend->name;
  if (request.location == nullptr) return {};
  if (request.location->backend == route::kNoBackend) return "upstream-default-backend";
  const route::Backend* backend = request.table->find_backend(request.location->backend);
  return backend != nullptr ? std::string_view(backend->name) : std::string_view();
}

void describe_location(const Request& request, observe::AccessLogEntry& entry) {
  if (request.host != nullptr) entry.server_name = request.host->name;
  if (request.location == nullptr) return;
  entry.ns = request.location->ns;
  entry.ingress = request.location->ingress;
  entry.service = request.location->service;
  entry.service_port = request.location->service_port;
  entry.location_path = request.location->path;
}

// Static texts of OpenSSL, and the name from the client's hello, which lives as long as the connection.
void describe_tls(const SSL* tls, observe::AccessLogEntry& entry) {
  entry.ssl_protocol = SSL_get_version(tls);
  entry.ssl_cipher = SSL_get_cipher_name(tls);
  if (const char* name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name); name != nullptr)
    entry.ssl_server_name = name;
  entry.ssl_session_reused = SSL_session_reused(tls) != 0;
}

void log_request(Worker& worker, const Request& request, std::int64_t took_us) {
  const http::Fields& fields = request.head.fields;
  const FieldsView request_fields(fields);
  const FieldsView response_fields(request.response.added());
  const FieldsView upstream_fields(request.upstream_head.fields);
  observe::AccessLogEntry entry;
  const ClientConnection& connection = *request.connection;
  entry.remote_user = request.remote_user;
  entry.remote_addr = request.forwarded.address_text.empty() ? std::string_view(connection.address_text)
                                                             : std::string_view(request.forwarded.address_text);
  entry.request = request_line(request);
  entry.status = request.status;
  entry.body_bytes_sent = request.body_bytes_sent;
  entry.referer = fields.get(http::FieldId::referer);
  entry.user_agent = fields.get(http::FieldId::user_agent);
  entry.request_length = request.head.size + request.body.bytes_read();
  entry.request_time = took_us;
  entry.upstream_name = upstream_name(request);
  entry.alternative_upstream_name = request.canary;
  entry.tries = request.tries;
  entry.request_id = request.request_id;
  entry.finished_at = wall_clock_us();
  if (request.bad_line.empty()) {
    const std::string_view target = request.head.target();
    entry.request_uri = target;
    entry.method = request.head.method_text();
    entry.protocol = request.head.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
    if (const std::size_t query = target.find('?'); query != std::string_view::npos)
      entry.args = target.substr(query + 1);
  }
  entry.uri = request.path;
  entry.host = request.head.host;
  entry.server_addr = connection.local_address_text;
  entry.server_port = connection.local_port;
  entry.remote_port = request.forwarded.client_port != 0 ? request.forwarded.client_port : connection.port;
  entry.realip_remote_addr = connection.address_text;
  entry.realip_remote_port = connection.port;
  std::string proxied_text;
  if (connection.proxied) {
    proxied_text = connection.proxied->source.to_string();
    entry.proxy_protocol_addr = proxied_text;
    entry.proxy_protocol_port = connection.proxied->source_port;
  }
  entry.tls = connection.https;
  if (connection.tls != nullptr) describe_tls(connection.tls, entry);
  entry.connection = request.connection_serial;
  entry.connection_requests = request.connection_requests;
  entry.bytes_sent = request.head_bytes_sent + request.body_bytes_sent;
  describe_location(request, entry);
  entry.best_http_host = request.forwarded.host;
  entry.pass_access_scheme = request.forwarded.scheme;
  if (request.forwarded.trusted) entry.pass_server_port = fields.get(http::FieldId::forwarded_port);
  entry.pass_port = request.forwarded.port;
  if (!request.tries.empty()) entry.proxy_host = "upstream_balancer";  // the original's name for every location
  entry.reason = request.reason;
  entry.request_fields = &request_fields;
  entry.response_fields = &response_fields;
  entry.upstream_fields = &upstream_fields;
  worker.access_log()->append(entry);
}

bool host_is_configured(const Request& request) {
  const std::string& host = request.head.host;
  if (request.host->name == host) return true;
  const std::vector<std::string>& aliases = request.host->aliases;
  return std::find(aliases.begin(), aliases.end(), host) != aliases.end();
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

}  // namespace

void finish(Worker& worker, Request& request) {
  request.body.release();
  try {
    if (request.status == 0) {  // the frame was destroyed: no memory, or a drain's deadline
      const upstream::FailureInfo& why = upstream::info(
          std::uncaught_exceptions() > 0 ? upstream::Failure::out_of_memory : upstream::Failure::draining);
      request.status = why.status;
      request.reason = why.reason;
    }
    worker.metrics().requests_total.add();
    if (!request.reason.empty()) worker.metrics().count_reason(request.reason);
    const std::int64_t took_us = monotonic_us() - request.began_us;
    if (worker.access_log() != nullptr && is_logged(request)) log_request(worker, request, took_us);
    if (request.location != nullptr && !request.silent) count_request(worker, request, took_us);
  } catch (const std::exception& error) {  // no memory for a log line must not end the worker
    observe::log::error("proxy", "a request was neither logged nor counted: {}", error.what());
  }
}

}  // namespace weir::proxy
