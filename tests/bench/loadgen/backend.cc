#include "bench/loadgen/backend.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace weir::bench {
namespace {

std::string make_answer(std::size_t size) {
  return "HTTP/1.1 200 OK\r\nServer: b\r\nDate: Mon, 23 Nov 2026 01:51:27 GMT\r\nContent-Type: "
         "text/plain\r\nContent-Length: " +
         std::to_string(size) + "\r\nCache-Control: no-cache\r\n\r\n" + std::string(size, 'x');
}

const std::string& answer_for(std::string_view path) {
  static const std::string tiny = make_answer(2), k1 = make_answer(1024), k64 = make_answer(65536),
                           m1 = make_answer(1 << 20);
  if (path.ends_with("/64k")) return k64;
  if (path.ends_with("/1m")) return m1;
  if (path.ends_with("/tiny")) return tiny;
  return k1;
}

class BackendConnection : public EventSource {
 public:
  explicit BackendConnection(int fd) : fd_(fd) {}
  ~BackendConnection() override { close(fd_); }

  void on_event(std::uint32_t events) override {
    bool alive = flush() && process();
    if (alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) alive = read();
    if (!alive) delete this;
  }

 private:
  bool read() {
    for (;;) {
      std::size_t room = sizeof buffer_ - have_;
      if (room == 0) {
        if (!process()) return false;
        if (have_ == sizeof buffer_) return true;
        continue;
      }
      ssize_t n = recv(fd_, buffer_ + have_, room, 0);
      if (n == 0) return false;
      if (n < 0) return errno == EAGAIN;
      have_ += static_cast<std::size_t>(n);
      if (!process()) return false;
      if (static_cast<std::size_t>(n) < room) return true;
    }
  }

  void consume(std::size_t n) {
    std::memmove(buffer_, buffer_ + n, have_ - n);
    have_ -= n;
  }

  bool process() {
    while (out_.empty()) {
      if (body_left_ > 0) {
        std::size_t n = std::min(body_left_, have_);
        consume(n);
        body_left_ -= n;
        if (body_left_ > 0) return true;
        out_ = *pending_;
      } else {
        std::string_view input(buffer_, have_);
        std::size_t end = input.find("\r\n\r\n");
        if (end == std::string_view::npos) return have_ < sizeof buffer_;
        buffer_[end] = 0;
        const char* length = strcasestr(buffer_, "content-length:");
        body_left_ = length ? std::strtoul(length + 15, nullptr, 10) : 0;
        std::string_view line = input.substr(0, input.find("\r\n"));
        std::string_view path = line.substr(0, line.rfind(' '));
        pending_ = &answer_for(path);
        consume(end + 4);
        if (body_left_ > 0) continue;
        out_ = *pending_;
      }
      if (!flush()) return false;
    }
    return true;
  }

  bool flush() {
    while (!out_.empty()) {
      ssize_t n = send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
      if (n < 0) return errno == EAGAIN;
      out_.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  int fd_;
  std::size_t have_ = 0;
  std::size_t body_left_ = 0;
  const std::string* pending_ = nullptr;
  std::string_view out_;
  char buffer_[32768];
};

}  // namespace

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
Poller::~Poller() {
  close(epoll_);
}

void Poller::add(int fd, std::uint32_t events, EventSource* source) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = source;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void Poller::poll(int timeout_ms) {
  epoll_event events[256];
  int n = epoll_wait(epoll_, events, 256, timeout_ms);
  for (int i = 0; i < n; ++i) static_cast<EventSource*>(events[i].data.ptr)->on_event(events[i].events);
}

Backend::Backend(Poller& poller, int port)
    : poller_(poller), listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
  int one = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 4096) != 0) {
    std::perror("backend");
    std::exit(1);
  }
  poller_.add(listener_, EPOLLIN, this);
}

void Backend::on_event(std::uint32_t) {
  int fd;
  while ((fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    poller_.add(fd, EPOLLIN | EPOLLOUT | EPOLLET, new BackendConnection(fd));
  }
}

}  // namespace weir::bench
