// OpenSockets: bound sockets of one TCP or UDP service on their way from the control thread, which binds them, to the
// worker that uses them. Closes what it still has at its end. Any thread, one at a time.
#pragma once

#include <unistd.h>

#include <compare>
#include <cstdint>
#include <utility>
#include <vector>

namespace weir::proxy {

struct PortKey {
  bool udp = false;
  std::uint16_t port = 0;

  auto operator<=>(const PortKey&) const = default;
};

class OpenSockets {
 public:
  OpenSockets() = default;
  OpenSockets(OpenSockets&& other) noexcept : fds_(std::exchange(other.fds_, {})) {}
  OpenSockets& operator=(OpenSockets&& other) noexcept {
    std::swap(fds_, other.fds_);
    return *this;
  }
  ~OpenSockets() {
    for (const int fd : fds_) ::close(fd);
  }

  void add(int fd) { fds_.push_back(fd); }
  const std::vector<int>& all() const { return fds_; }

 private:
  std::vector<int> fds_;
};

}  // namespace weir::proxy
