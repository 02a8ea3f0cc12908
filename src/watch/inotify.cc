#include "watch/inotify.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <utility>

namespace weir::watch {
namespace {

base::Error system_error(const std::string& what, int error) {
  return base::fail(what + ": " + std::system_category().message(error), error);
}

}  // namespace

base::Result<Inotify> Inotify::open() {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd >= 0) return Inotify(fd);
  const int error = errno;
  std::string what = "watch files";
  if (error == EMFILE) what += " (raise fs.inotify.max_user_instances or the limit of open files)";
  return system_error(what, error);
}

Inotify::Inotify(Inotify&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Inotify& Inotify::operator=(Inotify&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Inotify::~Inotify() {
  if (fd_ >= 0) ::close(fd_);
}

base::Result<void> Inotify::add(const std::string& path, std::uint32_t mask) {
  if (::inotify_add_watch(fd_, path.c_str(), mask) >= 0) return {};
  const int error = errno;
  std::string what = "watch folder " + path;
  if (error == ENOSPC) what += " (raise fs.inotify.max_user_watches)";
  return system_error(what, error);
}

base::Result<std::vector<FileEvent>> Inotify::read() {
  alignas(inotify_event) std::array<char, 64 * 1024> buffer;
  ssize_t count = 0;
  do {
    count = ::read(fd_, buffer.data(), buffer.size());
  } while (count < 0 && errno == EINTR);
  std::vector<FileEvent> events;
  if (count < 0) {
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) return events;
    return system_error("read file events", error);
  }
  for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(count);) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const char* name = buffer.data() + at + sizeof event;
    events.push_back({event.mask, std::string(name, ::strnlen(name, event.len))});
    at += sizeof event + event.len;
  }
  return events;
}

}  // namespace weir::watch
