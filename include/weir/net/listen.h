// Listening sockets and accepting from them. Thread rule: an Acceptor belongs to its reactor's thread.
#pragma once

#include "weir/base/result.h"
#include "weir/net/address.h"

#include <cstdint>
#include <functional>
#include <string_view>

namespace weir::net {

class Reactor;

struct ListenOptions {
  bool reuse_port = false;  // one socket per worker on the same port
  bool v6_only = true;      // for "::"
  int backlog = 4096;       // the kernel caps it at net.core.somaxconn
};

// A non-blocking listening socket; the caller closes it. `address` is numeric, empty means all IPv4 addresses; port 0
// takes a free one (ask local_address_of).
base::Result<int> listen_tcp(std::string_view address, std::uint16_t port, const ListenOptions& options = {});

// A non-blocking datagram socket that tells, with each datagram, to which of our addresses it came (IP_PKTINFO,
// IPV6_RECVPKTINFO). The caller closes it; `backlog` has no meaning.
base::Result<int> bind_udp(std::string_view address, std::uint16_t port, const ListenOptions& options = {});

Address local_address_of(int fd);
// Returns 0 or -errno.
int set_nodelay(int fd) noexcept;
// From this descriptor on, traffic gets none: the last ones of the process (64, or an eighth of few) are kept for
// probes, the API server and files. Descriptors are given out from the lowest free one on.
int first_reserved_descriptor() noexcept;

// Accepts connections of `listen_fd` (not owned) until it is destroyed. New descriptors are non-blocking,
// close-on-exec, with TCP_NODELAY, and belong to `on_accept`, which may destroy the Acceptor. When the process has no
// descriptor left for traffic, waiting connections are accepted with a reserved one and closed at once, and accepting
// pauses for 100 ms.
class Acceptor {
 public:
  using OnAccept = std::function<void(int fd, const Address& peer)>;

  // Check error() afterwards: 0, or -errno.
  Acceptor(Reactor& reactor, int listen_fd, OnAccept on_accept);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  int error() const { return error_; }
  // Connections closed for want of descriptors.
  std::uint64_t shed() const { return shed_; }

 private:
  static constexpr int kMaxPerEvent = 64;

  void on_readable();
  bool handle_failure(int error);

  Reactor& reactor_;
  int listen_fd_;
  int reserve_fd_;
  const int first_reserved_;
  int error_ = 0;
  std::uint64_t shed_ = 0;
  OnAccept on_accept_;
  bool* destroyed_ = nullptr;  // set while on_accept_ runs
};

}  // namespace weir::net
