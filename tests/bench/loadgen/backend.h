// The fast backend of the bench: an epoll HTTP/1.1 responder in the load generator's own thread.
// GET .../tiny 2 B, .../1k 1 KiB, .../64k 64 KiB, .../1m 1 MiB; a body with Content-Length is read first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

struct EventSource {
  virtual ~EventSource() = default;
  virtual void on_event(std::uint32_t events) = 0;
};

class Poller {
 public:
  Poller();
  ~Poller();
  void add(int fd, std::uint32_t events, EventSource* source);
  // Handles what is ready; waits at most `timeout_ms` (0: busy polling).
  void poll(int timeout_ms);

 private:
  int epoll_;
};

class Backend : public EventSource {
 public:
  Backend(Poller& poller, int port);
  void on_event(std::uint32_t events) override;

 private:
  Poller& poller_;
  int listener_;
};

}  // namespace weir::bench
