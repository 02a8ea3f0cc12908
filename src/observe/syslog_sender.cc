#include "syslog_sender.h"

#include <fmt/format.h>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

namespace weir::observe {
namespace {

constexpr int kPriority = 23 * 8 + 6;                  // local7.info
constexpr std::string_view kTag = "nginx";             // what collectors of the original's logs look for
constexpr std::size_t kLongestLine = 2048;             // the original's own limit
constexpr std::chrono::seconds kLookUpAgainAfter{30};  // the server may have moved
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string head_of(const std::string& own_name) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  return fmt::format("<{}>{} {:2} {:02}:{:02}:{:02} {} {}: ", kPriority,
                     kMonths[static_cast<std::size_t>(local.tm_mon)], local.tm_mday, local.tm_hour, local.tm_min,
                     local.tm_sec, own_name, kTag);
}

}  // namespace

SyslogSender::SyslogSender(std::string host, std::uint16_t port, std::string own_name)
    : host_(std::move(host)), port_(std::to_string(port)), own_name_(std::move(own_name)) {}

SyslogSender::~SyslogSender() {
  if (fd_ >= 0) ::close(fd_);
}

// The socket in use stays until another one is there: an old address is better than none.
bool SyslogSender::connect() {
  const auto now = std::chrono::steady_clock::now();
  if (tried_ != std::chrono::steady_clock::time_point{} && now - tried_ < kLookUpAgainAfter) return fd_ >= 0;
  tried_ = now;
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found) != 0) return fd_ >= 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const int fd = ::socket(one->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) continue;
    if (::connect(fd, one->ai_addr, one->ai_addrlen) != 0) {
      ::close(fd);
      continue;
    }
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
    break;
  }
  ::freeaddrinfo(found);
  return fd_ >= 0;
}

std::uint32_t SyslogSender::send(std::string_view lines) {
  const bool connected = connect();
  const std::string head = head_of(own_name_);
  std::string datagram;
  std::uint32_t lost = 0;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, std::min(end, kLongestLine));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    datagram.assign(head).append(line);
    ssize_t sent = -1;
    // ECONNREFUSED tells of an earlier datagram (nobody listened then): this one was not tried yet.
    for (int i = 0; connected && i < 2 && sent < 0; ++i) {
      sent = ::send(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != ECONNREFUSED && errno != EINTR) break;
    }
    if (sent < 0) ++lost;
  }
  return lost;
}

}  // namespace weir::observe
