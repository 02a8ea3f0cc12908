// StreamInput: the body of a request whose protocol has already cut it out of the connection: of an HTTP/2 stream.
// HTTP/1 bodies are read from the socket itself (request_body.h). One worker.
#pragma once

#include "weir/net/sock.h"
#include "weir/net/task.h"

#include <cstddef>
#include <string_view>

namespace weir::proxy {

class StreamInput {
 public:
  virtual ~StreamInput() = default;

  // Bytes of the body that came and were not consumed; valid until the next consume() or wait.
  virtual std::string_view input() const = 0;
  // The client may send as many again.
  virtual void consume(std::size_t n) = 0;
  // Nothing comes behind input().
  virtual bool ended() const = 0;
  // Waits until more has come, or the end: 1; -ETIMEDOUT. REQUIRES: not ended().
  virtual net::Task<int> more(net::Millis timeout) = 0;
  // 100 Continue.
  virtual void send_continue() = 0;
};

}  // namespace weir::proxy
