// Bulk transfers that keep the bytes inside the kernel.
#include "weir/net/sock.h"

#include "net/tls_stream.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

namespace weir::net {
namespace {

constexpr std::size_t kPipeBytes = 1 << 20;

// A pipe with bytes left in it (the relay ended by an error or with its frame) cannot be used again.
class PipeLease {
 public:
  explicit PipeLease(PipePool& pool) : pool_(pool), pipe_(pool.take()) {}
  PipeLease(const PipeLease&) = delete;
  PipeLease& operator=(const PipeLease&) = delete;
  ~PipeLease() {
    if (pipe_.read_end < 0) return;
    if (filled == 0) {
      pool_.give(pipe_);
    } else {
      PipePool::close(pipe_);
    }
  }

  int read_end() const { return pipe_.read_end; }
  int write_end() const { return pipe_.write_end; }

  std::size_t filled = 0;

 private:
  PipePool& pool_;
  Pipe pipe_;
};

class BufferLease {
 public:
  explicit BufferLease(BufferPool& pool) : pool_(pool), data_(pool.take(BufferPool::kSmall)) {}
  BufferLease(const BufferLease&) = delete;
  BufferLease& operator=(const BufferLease&) = delete;
  ~BufferLease() { pool_.give(data_, BufferPool::kSmall); }

  char* data() const { return data_; }

 private:
  BufferPool& pool_;
  char* data_;
};

constexpr unsigned kSpliceFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

}  // namespace

Task<RelayResult> Sock::splice_to(Sock& to, std::uint64_t& left, Millis timeout) {
  assert(!tls_ && !to.tls_ && have_ == 0);
  shrink_buffer();
  PipeLease pipe(reactor_->pipes_);
  if (pipe.read_end() < 0) co_return RelayResult{-errno, false};
  while (left > 0) {
    // Waits also when the turn of this coroutine is over.
    const int ready = co_await readable(timeout);
    if (ready <= 0) co_return RelayResult{ready, false};
    const ssize_t in =
        ::splice(fd_, nullptr, pipe.write_end(), nullptr, std::min<std::uint64_t>(left, kPipeBytes), kSpliceFlags);
    if (in < 0 && errno == EAGAIN && !eof()) {
      readable_ = false;
      continue;
    }
    if (in < 0 && errno != EAGAIN) co_return RelayResult{-errno, false};
    if (in <= 0) {
      note_fin();
      co_return RelayResult{0, false};
    }
    pipe.filled = static_cast<std::size_t>(in);
    while (pipe.filled > 0) {
      // Not SPLICE_F_MORE: the last segment would stay in the kernel when the sender pauses.
      const ssize_t out = ::splice(pipe.read_end(), nullptr, to.fd_, nullptr, pipe.filled, kSpliceFlags);
      if (out < 0 && errno != EAGAIN) co_return RelayResult{-errno, true};
      if (out < 0) {
        const int writable_now = co_await to.writable(timeout);
        if (writable_now < 0) co_return RelayResult{writable_now, true};
        continue;
      }
      pipe.filled -= static_cast<std::size_t>(out);
      if (left != UINT64_MAX) left -= static_cast<std::uint64_t>(out);
    }
  }
  co_return RelayResult{1, false};
}

Task<int> Sock::send_file(int file, std::int64_t offset, std::size_t size, Millis timeout) {
  if (tls_) {
    BufferLease buffer(reactor_->buffers_);
    while (size > 0) {
      const ssize_t n = ::pread(file, buffer.data(), std::min<std::size_t>(size, BufferPool::kSmall), offset);
      if (n < 0) co_return -errno;
      if (n == 0) co_return -EIO;
      iovec part{buffer.data(), static_cast<std::size_t>(n)};
      const int sent = co_await send_all(&part, 1, timeout);
      if (sent < 0) co_return sent;
      offset += n;
      size -= static_cast<std::size_t>(n);
    }
    co_return 1;
  }
  while (size > 0) {
    off_t position = offset;
    const ssize_t n = ::sendfile(fd_, file, &position, size);
    if (n < 0 && errno != EAGAIN) co_return -errno;
    if (n == 0) co_return -EIO;
    if (n < 0) {
      const int waited = co_await writable(timeout);
      if (waited < 0) co_return waited;
      continue;
    }
    offset = position;
    size -= static_cast<std::size_t>(n);
  }
  co_return 1;
}

}  // namespace weir::net
