// A worker's loop without Asio, and connected pairs of real sockets, for the tests of net.
#pragma once

#include "weir/net/listen.h"
#include "weir/net/reactor.h"
#include "weir/net/sock.h"
#include "weir/net/task.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace weir::net::test {

using namespace std::chrono_literals;

inline constexpr int kUnset = 12345;
inline constexpr Millis kLong = 20s;

struct Loop {
  // Runs the reactor until `done`; false after five seconds.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = 10s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      pollfd entry{reactor.fd(), POLLIN, 0};
      ::poll(&entry, 1, 10);
      reactor.drain();
      reactor.expire();
    }
    return true;
  }
  // Handles whatever has already happened, and nothing more.
  void settle() {
    for (pollfd entry{reactor.fd(), POLLIN, 0}; ::poll(&entry, 1, 20) > 0;) reactor.drain();
  }
  SockPtr adopt(int fd) { return Sock::adopt(reactor, fd); }

  Reactor reactor;
  JobGroup jobs;
};

// The far end of a connection: a plain blocking descriptor.
class Peer {
 public:
  explicit Peer(int fd = -1) : fd_(fd) {}
  Peer(Peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Peer& operator=(Peer&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Peer() { close(); }

  int fd() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(n, 0) << strerror(errno);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void finish() const { ::shutdown(fd_, SHUT_WR); }
  void reset() {
    const struct ::linger now { 1, 0 };
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  // Up to `most` bytes, less only at the end of the stream.
  std::string receive(std::size_t most) const {
    std::string all(most, '\0');
    std::size_t have = 0;
    while (have < most) {
      const ssize_t n = ::recv(fd_, all.data() + have, most - have, 0);
      if (n <= 0) break;
      have += static_cast<std::size_t>(n);
    }
    all.resize(have);
    return all;
  }
  // What is there now; -errno at an error, 0 at the end.
  int peek() const {
    char byte;
    const ssize_t n = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 ? -errno : static_cast<int>(n);
  }

 private:
  int fd_;
};

// A TCP connection over loopback: {near, far}.
inline std::pair<int, Peer> tcp_pair() {
  const base::Result<int> listener = listen_tcp("127.0.0.1", 0);
  EXPECT_TRUE(listener);
  const Address at = local_address_of(*listener);
  const int far = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::connect(far, at.data(), at.size), 0);
  set_nodelay(far);
  pollfd entry{*listener, POLLIN, 0};
  ::poll(&entry, 1, 5000);
  const int near = ::accept4(*listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  EXPECT_GE(near, 0);
  set_nodelay(near);
  ::close(*listener);
  return {near, Peer(far)};
}

inline void set_buffer(int fd, int option, int bytes) {
  ::setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof bytes);
}

inline std::string pattern(std::size_t size) {
  // Numbered lines: cheap to make under sanitizers, and no two places are alike.
  std::string text;
  text.reserve(size + 64);
  for (std::size_t line = 0; text.size() < size; ++line) {
    const std::string number = std::to_string(line);
    text.append(64 - number.size(), static_cast<char>('a' + line % 26)).append(number);
  }
  text.resize(size);
  return text;
}

// --- coroutines most tests need

inline Job read_once(JobGroup&, Sock& sock, std::uint32_t room, Millis timeout, int& result) {
  result = co_await sock.recv_some(room, timeout);
}

// Everything up to the end of the stream, `room` bytes at a time.
inline Job read_all(JobGroup&, Sock& sock, std::uint32_t room, std::string& all, int& result) {
  int n;
  while ((n = co_await sock.recv_some(room, kLong)) > 0) {
    all += sock.input();
    sock.consume(sock.input().size());
  }
  result = n;
}

inline Job send_text(JobGroup&, Sock& sock, std::string_view text, Millis timeout, int& result) {
  result = co_await sock.send_all(text, timeout);
}

inline Job wait_idle(JobGroup&, Sock& sock, Millis timeout, int& result) {
  result = co_await sock.wait_idle(timeout);
}

}  // namespace weir::net::test
