#include "weir/net/pipe_pool.h"

#include <fcntl.h>
#include <unistd.h>

namespace weir::net {

PipePool::~PipePool() {
  for (Pipe pipe : free_) close(pipe);
}

Pipe PipePool::take() {
  if (!free_.empty()) {
    Pipe pipe = free_.back();
    free_.pop_back();
    return pipe;
  }
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return {};
  // Refused beyond the user's share of pipe memory: the default size works too, only slower.
  (void)::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  return {ends[0], ends[1]};
}

void PipePool::give(Pipe pipe) noexcept {
  if (free_.size() >= kKeep) return close(pipe);
  free_.push_back(pipe);
}

void PipePool::close(Pipe pipe) noexcept {
  ::close(pipe.read_end);
  ::close(pipe.write_end);
}

}  // namespace weir::net
