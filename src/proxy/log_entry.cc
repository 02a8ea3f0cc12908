// Step 11 of life-of-a-request: what a log line says.
#include "proxy/log_entry.h"

#include "proxy/clock.h"
#include "proxy/request_variables.h"
#include "weir/base/ascii.h"

#include <openssl/ssl.h>

#include <algorithm>

namespace weir::proxy {
namespace {

std::string_view request_line(const Request& request) {
  if (!request.bad_line.empty()) return request.bad_line;
  const std::string_view text = request.head.fields.text();
  const std::size_t begin = request.head.method_at;
  return begin < text.size() ? text.substr(begin, text.find('\r', begin) - begin) : std::string_view();
}

// The primary's, also when the canary served the request.
std::string_view upstream_name(const Request& request) {
  if (request.backend != nullptr && request.canary.empty()) return request.backend->name;
  if (request.location == nullptr) return {};
  if (request.location->backend == route::kNoBackend) return "upstream-default-backend";
  const route::Backend* backend = request.table->find_backend(request.location->backend);
  return backend != nullptr ? std::string_view(backend->name) : std::string_view();
}

std::string_view connection_upgrade(const Request& request) {
  if (!request.head.fields.get(http::FieldId::upgrade).empty()) return "upgrade";
  const bool closes = request.table != nullptr && request.settings().upstream_keepalive_connections == 0;
  return closes ? "close" : "";
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

}  // namespace

SentFields::SentFields(const Request& request) : head_(request.sent_head), added_(request.response.added()) {
  if (head_.empty()) {
    size_ = added_.all().size();
  } else {
    // Less the status line and the empty line at the end.
    size_ = static_cast<std::size_t>(std::count(head_.begin(), head_.end(), '\n')) - 2;
  }
}

observe::FieldList::View SentFields::at(std::size_t i) const {
  if (head_.empty()) {
    const http::Field& field = added_.all()[i];
    return {added_.name(field), added_.value(field)};
  }
  if (i < next_ || next_at_ == 0) {
    next_ = 0;
    next_at_ = head_.find('\n') + 1;
  }
  for (; next_ < i; ++next_) next_at_ = head_.find('\n', next_at_) + 1;
  const std::string_view line = head_.substr(next_at_, head_.find('\r', next_at_) - next_at_);
  const std::size_t colon = line.find(':');
  return {line.substr(0, colon), base::trim(line.substr(colon + 1))};
}

void describe_for_default_layout(const Request& request, std::int64_t took_us, observe::AccessLogEntry& entry) {
  const http::Fields& fields = request.head.fields;
  entry.remote_addr = request.forwarded.address_text.empty() ? std::string_view(request.connection->address_text)
                                                             : std::string_view(request.forwarded.address_text);
  entry.remote_user = request.remote_user;
  entry.request = request_line(request);
  entry.status = request.status != 0 ? request.status : request.response_status;
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
  if (request.bad_line.empty()) entry.request_uri = request.head.target();
}

LogEntry::LogEntry(const Request& request, std::int64_t took_us)
    : request_fields_(request.head.fields), response_fields_(request), upstream_fields_(request.upstream_head.fields) {
  describe_for_default_layout(request, took_us, entry);
  const http::Fields& fields = request.head.fields;
  const ClientConnection& connection = *request.connection;
  if (request.bad_line.empty()) {
    entry.method = request.head.method_text();
    entry.protocol = request.head.version_text();
    if (request.head.http2) entry.http2 = connection.tls != nullptr ? "h2" : "h2c";
    if (const std::string_view query = request.query(); !query.empty()) entry.args = query.substr(1);
  }
  entry.uri = request.path;
  entry.host = request.head.host;
  entry.server_addr = connection.local_address_text;
  entry.server_port = connection.local_port;
  entry.remote_port = request.forwarded.client_port != 0 ? request.forwarded.client_port : connection.port;
  entry.realip_remote_addr = connection.address_text;
  entry.realip_remote_port = connection.port;
  if (connection.proxied) {
    proxied_text_ = connection.proxied->source.to_string();
    entry.proxy_protocol_addr = proxied_text_;
    entry.proxy_protocol_port = connection.proxied->source_port;
    proxied_to_text_ = connection.proxied->destination.to_string();
    entry.proxy_protocol_server_addr = proxied_to_text_;
    entry.proxy_protocol_server_port = connection.proxied->destination_port;
  }
  entry.tls = connection.https;
  if (connection.tls != nullptr) describe_tls(connection.tls, entry);
  if (const tls::ClientIdentity* client = connection.client.get()) {
    entry.ssl_client_verify = client->verify;
    entry.ssl_client_s_dn = client->subject;
    entry.ssl_client_i_dn = client->issuer;
    entry.ssl_client_serial = client->serial;
    entry.ssl_client_fingerprint = client->fingerprint;
  }
  entry.connection = request.connection_serial;
  entry.connection_requests = request.connection_requests;
  entry.bytes_sent = request.head_bytes_sent + request.body_bytes_sent;
  describe_location(request, entry);
  entry.best_http_host = request.forwarded.host;
  entry.pass_access_scheme = request.forwarded.scheme;
  if (request.forwarded.trusted) entry.pass_server_port = fields.get(http::FieldId::forwarded_port);
  entry.pass_port = request.forwarded.port;
  if (!request.tries.empty()) entry.proxy_host = "upstream_balancer";  // the original's name for every location
  entry.request_body = request.body.whole_in_memory();
  entry.connection_upgrade = connection_upgrade(request);
  entry.subdomain = subdomain_of(request);
  entry.reason = request.reason;
  entry.request_fields = &request_fields_;
  entry.response_fields = &response_fields_;
  entry.upstream_fields = &upstream_fields_;
}

}  // namespace weir::proxy
