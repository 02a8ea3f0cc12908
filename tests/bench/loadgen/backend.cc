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

std::string make_pattern() {
  std::string bytes(kLargestBody, ' ');
  std::uint64_t random = 88172645463325252u;  // xorshift64
  for (char& c : bytes) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    c = static_cast<char>('!' + random % 90);
  }
  return bytes;
}

std::string make_answer(std::string_view status, std::size_t size) {
  return "HTTP/1.1 " + std::string(status) +
         "\r\nServer: b\r\nX-Backend: ?\r\nDate: Mon, 23 Nov 2026 01:51:27 GMT\r\nContent-Type: "
         "text/plain\r\nContent-Length: " +
         std::to_string(size) + "\r\nCache-Control: no-cache\r\n\r\n" + std::string(pattern().substr(0, size));
}

// The answers of one backend, ready to be sent.
struct Answers {
  explicit Answers(char name) {
    for (std::string* answer : {&tiny, &k1, &k64, &m1, &wrong}) (*answer)[answer->find('?')] = name;
  }
  const std::string& of(std::string_view path) const {
    const std::size_t size = body_size_of(path);
    return size == 2 ? tiny : size == 1024 ? k1 : size == 65536 ? k64 : m1;
  }

  std::string tiny = make_answer("200 OK", 2), k1 = make_answer("200 OK", 1024), k64 = make_answer("200 OK", 65536),
              m1 = make_answer("200 OK", kLargestBody), wrong = make_answer("500 Wrong Body", 0);
};

const Answers& answers_of(char name) {
  static const Answers a('a'), b('b');
  return name == 'a' ? a : b;
}

class BackendConnection : public EventSource {
 public:
  BackendConnection(int fd, char name) : fd_(fd), answers_(answers_of(name)) {}
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
        if (std::memcmp(buffer_, pattern().data() + (body_size_ - body_left_), n) != 0) pending_ = &answers_.wrong;
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
        body_size_ = body_left_ = std::min(length ? std::strtoul(length + 15, nullptr, 10) : 0, kLargestBody);
        std::string_view line = input.substr(0, input.find("\r\n"));
        std::string_view path = line.substr(0, line.rfind(' '));
        pending_ = &answers_.of(path);
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
  const Answers& answers_;
  std::size_t have_ = 0;
  std::size_t body_size_ = 0;
  std::size_t body_left_ = 0;
  const std::string* pending_ = nullptr;
  std::string_view out_;
  char buffer_[32768];
};

}  // namespace

std::string_view pattern() {
  static const std::string bytes = make_pattern();
  return bytes;
}

std::size_t body_size_of(std::string_view path) {
  if (path.ends_with("/64k")) return 65536;
  if (path.ends_with("/1m")) return kLargestBody;
  if (path.ends_with("/tiny")) return 2;
  return 1024;
}

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

Backend::Backend(Poller& poller, int port, char name)
    : poller_(poller), listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), name_(name) {
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
    poller_.add(fd, EPOLLIN | EPOLLOUT | EPOLLET, new BackendConnection(fd, name_));
  }
}

}  // namespace weir::bench
