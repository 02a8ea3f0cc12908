// The server behind `weir echo`. One thread.
//
// Every request is answered with a JSON object: name, method, target, path, query, version, headers (name -> list of
// values, lower case), body_length, body (text, at most 64 KiB), tls. The query steers the answer: status=503,
// delay_ms=100, size=1000 (that many bytes of "x" instead of JSON), chunked=1, close=1. A WebSocket echoes messages.
#pragma once

#include "weir/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::app {

struct EchoOptions {
  std::uint16_t port = 8080;
  std::string address;  // empty or "all": every address
  std::string name = "echo";
  bool tls = false;
  std::string certificate_file;
  std::string key_file;
};

// Until SIGTERM or SIGINT. An error: the port or the certificate cannot be used.
base::Result<void> run_echo_server(const EchoOptions& options);

// Value of a key in a query "a=1&b=2"; empty if absent.
std::string_view query_value(std::string_view query, std::string_view key);

}  // namespace weir::app
