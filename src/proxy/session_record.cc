// Step 11 of life-of-a-request, for sessions of TCP and UDP services.
#include "proxy/session_record.h"

#include "proxy/clock.h"
#include "weir/observe/log.h"

#include <exception>

namespace weir::proxy {
namespace {

void append_line(const SessionRecord& record, observe::AccessLogBuffer& log) {
  const std::int64_t now_us = monotonic_us();
  observe::AccessLogEntry entry;
  entry.protocol = record.udp ? "UDP" : "TCP";
  entry.remote_addr = record.client;
  entry.remote_port = record.client_port;
  entry.realip_remote_addr = record.peer;
  entry.realip_remote_port = record.peer_port;
  entry.server_addr = record.local;
  entry.server_port = record.local_port;
  entry.status = record.status;
  entry.bytes_sent = record.to_client;
  entry.request_length = record.from_client;
  entry.request_time = now_us - record.began_us;
  entry.finished_at = wall_clock_us();
  entry.connection = record.serial;
  entry.upstream_name = record.name;
  entry.ns = record.ns;
  entry.service = record.service;
  entry.service_port = record.service_port;
  std::string from;
  std::string to;
  if (record.proxied) {
    from = record.proxied->source.to_string();
    to = record.proxied->destination.to_string();
    entry.proxy_protocol_addr = from;
    entry.proxy_protocol_port = record.proxied->source_port;
    entry.proxy_protocol_server_addr = to;
    entry.proxy_protocol_server_port = record.proxied->destination_port;
  }
  std::vector<observe::UpstreamTry> tries;
  tries.reserve(record.tries.size());
  for (const upstream::RawTry& one : record.tries) {
    observe::UpstreamTry& t = tries.emplace_back();
    t.address = one.endpoint;
    t.connect_time = one.connect_us;
  }
  if (!tries.empty() && record.connected_us >= 0) {
    observe::UpstreamTry& last = tries.back();
    last.bytes_sent = record.to_endpoint;
    last.bytes_received = record.from_endpoint;
    if (record.first_byte_us >= 0) last.header_time = record.first_byte_us - record.connected_us;
    last.response_time = now_us - record.connected_us;
  }
  entry.tries = tries;
  log.append_stream(entry);
}

}  // namespace

SessionRecord::SessionRecord(Worker& w, bool is_udp) : worker(w), udp(is_udp), began_us(monotonic_us()) {
  observe::WorkerMetrics& metrics = worker.metrics();
  (udp ? metrics.udp_sessions : metrics.tcp_sessions).add();
  (udp ? metrics.udp_sessions_open : metrics.tcp_sessions_open).add();
}

SessionRecord::~SessionRecord() {
  observe::WorkerMetrics& metrics = worker.metrics();
  (udp ? metrics.udp_sessions_open : metrics.tcp_sessions_open).add(-1);
  observe::AccessLogBuffer* log = worker.access_log();
  if (log == nullptr) return;
  try {
    append_line(*this, *log);
  } catch (const std::exception& error) {
    observe::log::error("proxy", "a line of the access log was lost: {}", error.what());
  }
}

void SessionRecord::describe(const route::PortService& from) {
  const route::Backend& backend = *from.backend;
  name = backend.name;
  ns = backend.ns;
  service = backend.service;
  service_port = backend.port;
}

}  // namespace weir::proxy
