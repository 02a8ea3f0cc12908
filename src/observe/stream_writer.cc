#include "weir/observe/stream_writer.h"

#include "syslog_sender.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace weir::observe {

namespace {

constexpr std::size_t kSpareBuffers = 8;
constexpr int kPollSliceMs = 50;  // how soon a thread that waits for a stuck stream notices that it should give up

bool is_wait(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

base::Result<int> open_to_append(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0644);
  if (fd >= 0) return fd;
  const int error = errno;
  return base::fail("open " + path + " for appending: " + std::strerror(error), error);
}

}  // namespace

StreamWriter::StreamWriter(int fd, bool owned, std::size_t max_queued_bytes, std::unique_ptr<SyslogSender> syslog)
    : fd_(fd), owned_(owned), max_queued_bytes_(max_queued_bytes), syslog_(std::move(syslog)) {
  struct stat status {};
  const bool known = ::fstat(fd_, &status) == 0;
  pipe_like_ = known && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode) || S_ISSOCK(status.st_mode));
  const int flags = ::fcntl(fd_, F_GETFL);
  non_blocking_ = flags >= 0 && (flags & O_NONBLOCK) != 0;
  thread_ = std::thread([this] { run(); });
}

std::unique_ptr<StreamWriter> StreamWriter::to_fd(int fd, std::size_t max_queued_bytes) {
  struct stat status {};
  // A regular file must keep the inherited description: with one of our own, lines that others write through theirs
  // (the shell, stderr by 2>&1) would land on top of ours.
  if (::fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))) {
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    const int own = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (own >= 0) return std::unique_ptr<StreamWriter>(new StreamWriter(own, true, max_queued_bytes));
  }
  return std::unique_ptr<StreamWriter>(new StreamWriter(fd, false, max_queued_bytes));
}

base::Result<std::unique_ptr<StreamWriter>> StreamWriter::to_path(const std::string& path,
                                                                  std::size_t max_queued_bytes) {
  if (path == "/dev/stdout") return to_fd(STDOUT_FILENO, max_queued_bytes);
  if (path == "/dev/stderr") return to_fd(STDERR_FILENO, max_queued_bytes);
  const auto fd = open_to_append(path);
  if (!fd) return fd.error();
  std::unique_ptr<StreamWriter> writer(new StreamWriter(*fd, true, max_queued_bytes));
  writer->path_ = path;
  return writer;
}

base::Result<void> StreamWriter::reopen() {
  if (path_.empty()) return {};
  const auto fd = open_to_append(path_);
  if (!fd) return fd.error();
  // At once for the thread that writes: a chunk goes to one file or the other.
  const bool replaced = ::dup3(*fd, fd_, O_CLOEXEC) >= 0;
  const int error = errno;
  ::close(*fd);
  if (!replaced) return base::fail("open " + path_ + " again: " + std::strerror(error), error);
  return {};
}

std::unique_ptr<StreamWriter> StreamWriter::to_syslog(const std::string& host, std::uint16_t port,
                                                      const std::string& own_name, std::size_t max_queued_bytes) {
  return std::unique_ptr<StreamWriter>(
      new StreamWriter(-1, false, max_queued_bytes, std::make_unique<SyslogSender>(host, port, own_name)));
}

StreamWriter::~StreamWriter() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    if (!stuck_) idle_.wait_for(lock, kDrainTime, [this] { return queue_.empty() && !writing_; });
    give_up_.store(true, std::memory_order_relaxed);
  }
  thread_.join();
  if (owned_) ::close(fd_);
}

std::string StreamWriter::submit(Chunk chunk) {
  std::string next;
  {
    std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      next = std::move(spare_.back());
      spare_.pop_back();
    }
    if (queued_bytes_ + chunk.text.size() <= max_queued_bytes_ && !stopping_) {
      queued_bytes_ += chunk.text.size();
      queue_.push_back(std::move(chunk));
      changed_.notify_one();
      return next;
    }
  }
  dropped_.fetch_add(chunk.lines, std::memory_order_relaxed);
  chunk.text.clear();
  return next.capacity() != 0 ? next : std::move(chunk.text);
}

void StreamWriter::drain(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  stuck_ = !idle_.wait_for(lock, limit, [this] { return queue_.empty() && !writing_; });
}

void StreamWriter::run() {
  // Signals belong to the main thread; SIGPIPE must show as EPIPE here.
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);

  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !queue_.empty() || stopping_; });
    if (queue_.empty()) return;
    Chunk chunk = std::move(queue_.front());
    queue_.pop_front();
    writing_ = true;
    lock.unlock();
    const std::uint32_t lost = write_out(chunk);
    if (lost != 0) dropped_.fetch_add(lost, std::memory_order_relaxed);
    lock.lock();
    writing_ = false;
    queued_bytes_ -= chunk.text.size();
    if (spare_.size() < kSpareBuffers) {
      chunk.text.clear();
      spare_.push_back(std::move(chunk.text));
    }
    if (queue_.empty()) idle_.notify_all();
  }
}

std::uint32_t StreamWriter::write_out(const Chunk& chunk) {
  if (give_up_.load(std::memory_order_relaxed)) return chunk.lines;
  if (syslog_) return syslog_->send(chunk.text);
  return write_chunk(chunk.text) ? 0 : chunk.lines;
}

bool StreamWriter::write_chunk(const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    std::size_t size = text.size() - done;
    if (pipe_like_ && !non_blocking_) {
      // The description is shared and blocking: write no more than poll() promised room for.
      size = std::min<std::size_t>(size, PIPE_BUF);
    }
    if (pipe_like_ && (!non_blocking_ || give_up_.load(std::memory_order_relaxed))) {
      pollfd wait{fd_, POLLOUT, 0};
      const int ready = ::poll(&wait, 1, kPollSliceMs);
      if (ready <= 0) {
        if (give_up_.load(std::memory_order_relaxed)) return false;
        continue;
      }
    }
    const ssize_t n = ::write(fd_, text.data() + done, size);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
      continue;
    }
    if (!is_wait(errno)) return false;  // closed, disk full: this chunk is lost, the next one tries again
    if (give_up_.load(std::memory_order_relaxed)) return false;
    if (errno == EINTR) continue;
    pollfd wait{fd_, POLLOUT, 0};
    ::poll(&wait, 1, kPollSliceMs);
  }
  return true;
}

}  // namespace weir::observe
