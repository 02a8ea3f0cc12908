#include "weir/net/listen.h"

#include "weir/net/reactor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace weir::net {
namespace {

bool set_option(int fd, int level, int option, int value) noexcept {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

int open_reserve() noexcept {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

base::Error failed_step(const Address& at, const char* what, const char* step) {
  const int error = errno;
  return base::fail(std::string(what) + " on " + at.text() + ": " + step + ": " + std::strerror(error), error);
}

}  // namespace

base::Result<int> listen_tcp(std::string_view address, std::uint16_t port, const ListenOptions& options) {
  const auto parsed = Address::parse(address.empty() ? "0.0.0.0" : address, port);
  if (!parsed) return parsed.error();
  const Address& at = *parsed;
  const auto failed = [&at](const char* step) { return failed_step(at, "listen", step); };

  const int fd = ::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed("socket");
  base::Error error;
  if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) {
    error = failed("SO_REUSEADDR");
  } else if (options.reuse_port && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) {
    error = failed("SO_REUSEPORT");
  } else if (at.family() == AF_INET6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only ? 1 : 0)) {
    error = failed("IPV6_V6ONLY");
  } else if (::bind(fd, at.data(), at.size) != 0) {
    error = failed("bind");
  } else if (::listen(fd, options.backlog) != 0) {
    error = failed("listen");
  } else {
    return fd;
  }
  ::close(fd);
  return error;
}

// No SO_REUSEADDR: with datagrams it would let two processes share a port.
base::Result<int> bind_udp(std::string_view address, std::uint16_t port, const ListenOptions& options) {
  const auto parsed = Address::parse(address.empty() ? "0.0.0.0" : address, port);
  if (!parsed) return parsed.error();
  const Address& at = *parsed;
  const bool v6 = at.family() == AF_INET6;
  const int fd = ::socket(at.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed_step(at, "receive", "socket");
  base::Error error;
  if (options.reuse_port && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) {
    error = failed_step(at, "receive", "SO_REUSEPORT");
  } else if (v6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only ? 1 : 0)) {
    error = failed_step(at, "receive", "IPV6_V6ONLY");
  } else if (!(v6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : set_option(fd, IPPROTO_IP, IP_PKTINFO, 1))) {
    error = failed_step(at, "receive", "PKTINFO");
  } else if (::bind(fd, at.data(), at.size) != 0) {
    error = failed_step(at, "receive", "bind");
  } else {
    return fd;
  }
  ::close(fd);
  return error;
}

Address local_address_of(int fd) {
  Address address;
  address.size = sizeof address.storage;
  if (::getsockname(fd, address.data(), &address.size) != 0) return {};
  return address;
}

int set_nodelay(int fd) noexcept {
  return set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) ? 0 : -errno;
}

int first_reserved_descriptor() noexcept {
  constexpr rlim_t kMost = 64;
  constexpr rlim_t kShare = 8;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX) return INT_MAX;
  return static_cast<int>(limit.rlim_cur - std::min(kMost, limit.rlim_cur / kShare));
}

Acceptor::Acceptor(Reactor& reactor, int listen_fd, OnAccept on_accept)
    : reactor_(reactor),
      listen_fd_(listen_fd),
      reserve_fd_(open_reserve()),
      first_reserved_(first_reserved_descriptor()),
      on_accept_(std::move(on_accept)) {
  error_ = reactor_.add_listener(listen_fd_, [this] { on_readable(); });
}

Acceptor::~Acceptor() {
  reactor_.remove_listener(listen_fd_);
  if (reserve_fd_ >= 0) ::close(reserve_fd_);
  if (destroyed_) *destroyed_ = true;
}

void Acceptor::on_readable() {
  // What is left after these is reported again: the listener is level-triggered.
  for (int i = 0; i < kMaxPerEvent; ++i) {
    Address peer;
    peer.size = sizeof peer.storage;
    const int fd = ::accept4(listen_fd_, peer.data(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      const int error = errno;
      if (error == EAGAIN || !handle_failure(error)) return;
      continue;
    }
    if (fd >= first_reserved_) {
      ::close(fd);
      ++shed_;
      (void)handle_failure(EMFILE);
      return;
    }
    (void)set_nodelay(fd);  // fails only on sockets that do not need it
    bool destroyed = false;
    destroyed_ = &destroyed;
    on_accept_(fd, peer);
    if (destroyed) return;
    destroyed_ = nullptr;
  }
}

// true: go on accepting.
bool Acceptor::handle_failure(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE: {
      // A connection nobody can accept keeps the listener readable for ever, and its client waiting.
      if (reserve_fd_ >= 0) {
        ::close(reserve_fd_);
        for (int i = 0; i < kMaxPerEvent; ++i) {
          const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
          if (fd < 0) break;
          ::close(fd);
          ++shed_;
        }
      }
      reserve_fd_ = open_reserve();
      reactor_.pause_listener(listen_fd_);
      return false;
    }
    case ENOBUFS:
    case ENOMEM:
      reactor_.pause_listener(listen_fd_);
      return false;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
      // The owner closed it without saying so: without this the loop would spin.
      error_ = -error;
      reactor_.remove_listener(listen_fd_);
      return false;
    default:
      return true;  // this connection was reset or its network failed (accept(2) lists them); the next may be fine
  }
}

}  // namespace weir::net
