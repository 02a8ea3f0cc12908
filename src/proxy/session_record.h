// SessionRecord: what the log says of one session of a TCP or UDP service (spec 4.14). Written when this is destroyed,
// however the session ends: a drain's deadline destroys its coroutine. One worker.
#pragma once

#include "proxy/worker.h"
#include "weir/http/proxy_protocol.h"
#include "weir/upstream/raw_connection.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir::proxy {

// As the original's proxy has them.
namespace session_status {
inline constexpr int kDone = 200;
inline constexpr int kBadRequest = 400;     // no PROXY header where one is due
inline constexpr int kInternalError = 500;  // no descriptor, no memory
inline constexpr int kBadGateway = 502;     // no endpoint took it, or none answered
inline constexpr int kUnavailable = 503;    // its port was closed, or its place was needed
}  // namespace session_status

struct SessionRecord {
  SessionRecord(Worker& w, bool is_udp);
  ~SessionRecord();
  SessionRecord(const SessionRecord&) = delete;
  SessionRecord& operator=(const SessionRecord&) = delete;

  void describe(const route::PortService& service);

  Worker& worker;
  const bool udp;
  int status = session_status::kDone;
  std::uint64_t serial = 0;
  std::int64_t began_us;
  std::uint64_t from_client = 0;  // bytes
  std::uint64_t to_client = 0;
  std::uint64_t to_endpoint = 0;
  std::uint64_t from_endpoint = 0;
  std::int64_t connected_us = -1;   // when the last endpoint was; -1: none is
  std::int64_t first_byte_us = -1;  // of the endpoint
  std::string client;               // whom a trusted PROXY header names, or the peer
  std::uint16_t client_port = 0;
  std::string peer;
  std::uint16_t peer_port = 0;
  std::string local;
  std::uint16_t local_port = 0;
  std::optional<http::ProxyAddresses> proxied;
  std::vector<upstream::RawTry> tries;
  std::string name;  // of the backend
  std::string ns;
  std::string service;
  std::string service_port;
};

}  // namespace weir::proxy
