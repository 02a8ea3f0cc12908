// PipePool: pipes for splice(), 1 MiB where the system allows it. One thread. A pipe comes back only empty.
#pragma once

#include <vector>

namespace weir::net {

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

class PipePool {
 public:
  PipePool() = default;
  PipePool(const PipePool&) = delete;
  PipePool& operator=(const PipePool&) = delete;
  ~PipePool();

  // read_end < 0: no descriptor was left (errno says why).
  Pipe take();
  void give(Pipe pipe) noexcept;
  static void close(Pipe pipe) noexcept;

 private:
  static constexpr std::size_t kKeep = 64;
  std::vector<Pipe> free_;
};

}  // namespace weir::net
