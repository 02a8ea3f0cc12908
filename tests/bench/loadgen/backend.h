// The fast backend of the bench: an epoll HTTP/1.1 responder in the load generator's own thread.
// GET .../tiny 2 B, .../1k 1 KiB, .../64k 64 KiB, .../1m 1 MiB; a body with Content-Length is read first and must be
// the begin of pattern(), else the answer is 500. Every answer names its backend in X-Backend.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

// The bytes of every body, request or response: position-dependent, so that a shifted, cut or mixed one is noticed.
std::string_view pattern();
inline constexpr std::size_t kLargestBody = 1 << 20;
// Bytes of the body that is answered to this path.
std::size_t body_size_of(std::string_view path);

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
  // `name` (one character) is what X-Backend says.
  Backend(Poller& poller, int port, char name);
  void on_event(std::uint32_t events) override;

 private:
  Poller& poller_;
  int listener_;
  char name_;
};

}  // namespace weir::bench
