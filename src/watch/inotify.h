// Inotify: a non-blocking inotify descriptor. One thread. Owns the descriptor.
#pragma once

#include "weir/base/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weir::watch {

struct FileEvent {
  std::uint32_t mask = 0;  // IN_*; IN_Q_OVERFLOW: events were lost
  std::string name;
};

class Inotify {
 public:
  static base::Result<Inotify> open();
  Inotify(Inotify&& other) noexcept;
  Inotify& operator=(Inotify&& other) noexcept;
  ~Inotify();

  int fd() const { return fd_; }
  base::Result<void> add(const std::string& path, std::uint32_t mask);
  // What one read gives, in order; empty when nothing is waiting.
  base::Result<std::vector<FileEvent>> read();

 private:
  explicit Inotify(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace weir::watch
