#include "machine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string>

namespace weir::app {

namespace {

class Socket {
 public:
  explicit Socket(int family) : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

template <class Address>
int try_listen(int family, const Address& address) {
  const Socket socket(family);
  if (socket.fd() < 0) return errno;
  const int on = 1;
  // Connections of a former process that are still closing are no obstacle; a listener is.
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) ::setsockopt(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
  return ::listen(socket.fd(), 1) == 0 ? 0 : errno;
}

}  // namespace

unsigned cpus_of_quota(std::string_view cpu_max) {
  std::uint64_t quota = 0;
  std::uint64_t period = 0;
  const char* const end = cpu_max.data() + cpu_max.size();
  const auto first = std::from_chars(cpu_max.data(), end, quota);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ' ') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, period);
  if (second.ec != std::errc() || period == 0 || quota == 0) return 0;
  return static_cast<unsigned>(std::min<std::uint64_t>((quota + period - 1) / period, 4096));
}

unsigned usable_cpus() {
  unsigned cpus = 1;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) cpus = static_cast<unsigned>(std::max(CPU_COUNT(&set), 1));
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string line;
  if (std::getline(file, line)) {
    const unsigned quota = cpus_of_quota(line);
    if (quota != 0) cpus = std::min(cpus, quota);
  }
  return std::max(cpus, 1u);
}

void occupy_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // Gets the lowest number that is free. Unlike /dev/null it fails writes, so that lost lines are counted.
    if (::open("/", O_RDONLY | O_DIRECTORY) < 0) return;
  }
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);  // a lower limit is shown by process_max_fds
}

void raise_bind_capability() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (::syscall(SYS_capget, &header, sets) != 0) return;
  constexpr std::uint32_t bit = 1u << CAP_NET_BIND_SERVICE;
  if ((sets[0].permitted & bit) == 0 || (sets[0].effective & bit) != 0) return;
  sets[0].effective |= bit;
  (void)::syscall(SYS_capset, &header, sets);  // without it the bind fails, which is reported
}

base::Result<void> check_port_free(std::uint16_t port, std::string_view flag) {
  if (port == 0) return {};
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  int error = try_listen(AF_INET, v4);
  if (error == 0) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    const int v6_error = try_listen(AF_INET6, v6);
    if (v6_error == EADDRINUSE) error = v6_error;  // without IPv6 there is nothing to collide with
  }
  if (error == 0) return {};
  const std::string number = std::to_string(port);
  if (error == EADDRINUSE) {
    return base::fail("port " + number + " is already in use. Please check the flag " + std::string(flag), error);
  }
  std::string text = "port " + number + " (flag " + std::string(flag) + "): " + std::strerror(error);
  if (error == EACCES) text += "; ports below 1024 need the capability NET_BIND_SERVICE";
  return base::fail(std::move(text), error);
}

}  // namespace weir::app
