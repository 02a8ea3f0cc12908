// Writing and the ends of a Sock.
#include "weir/net/sock.h"

#include "net/sock_private.h"
#include "net/syscalls.h"
#include "net/tls_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <functional>
#include <utility>

namespace weir::net {
namespace {

// send() is cheaper than sendmsg() for a single part.
ssize_t send_parts(int fd, const iovec* parts, int count) noexcept {
  if (count == 1) {
    return send_bytes(fd, static_cast<const char*>(parts->iov_base), parts->iov_len, MSG_NOSIGNAL);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(count);
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

bool is_retry(int error) noexcept {
  return error == EAGAIN || error == EINTR;
}

}  // namespace

// --- Parts

Parts::Parts(const iovec* parts, int count) noexcept : count_(count) {
  assert(count >= 0 && count <= kMax);
  std::copy_n(parts, count, parts_);
  advance(0);
}

std::size_t Parts::bytes() const noexcept {
  std::size_t sum = 0;
  for (int i = first_; i < count_; ++i) sum += parts_[i].iov_len;
  return sum;
}

void Parts::advance(std::size_t sent) noexcept {
  while (first_ < count_ && sent >= parts_[first_].iov_len) sent -= parts_[first_++].iov_len;
  if (first_ == count_) return;
  parts_[first_].iov_base = static_cast<char*>(parts_[first_].iov_base) + sent;
  parts_[first_].iov_len -= sent;
}

char* Parts::copy_scratch(const char* scratch, std::size_t size) {
  const std::less<const char*> before;  // defined for unrelated pointers too
  auto inside = [&](const iovec& part) {
    const char* p = static_cast<const char*>(part.iov_base);
    return !before(p, scratch) && before(p, scratch + size);
  };
  std::size_t total = 0;
  for (int i = first_; i < count_; ++i)
    if (inside(parts_[i])) total += parts_[i].iov_len;
  if (total == 0) return nullptr;
  char* copy = new char[total];
  char* end = copy;
  for (int i = first_; i < count_; ++i) {
    if (!inside(parts_[i])) continue;
    std::memcpy(end, parts_[i].iov_base, parts_[i].iov_len);
    parts_[i].iov_base = end;
    end += parts_[i].iov_len;
  }
  return copy;
}

// --- sending

Sock::Writing Sock::send_all(const iovec* parts, int count, Millis timeout, const char* scratch,
                             std::size_t scratch_size) {
  assert(!writer_ && "one writer at a time");
  if (write_shut_) return Writing(*this, -EPIPE, 0, true);
  if (tls_) {
    Parts rest(parts, count);
    const int sent = tls_->send(rest);
    if (sent != 0) return Writing(*this, sent, 0, true);
    keep_unsent(rest.data(), rest.count(), 0, scratch, scratch_size);
    return Writing(*this, 0, to_timeout_ms(timeout), false);
  }
  std::size_t total = 0;
  for (int i = 0; i < count; ++i) total += parts[i].iov_len;
  if (total == 0) return Writing(*this, 1, 0, true);
  ssize_t n = send_parts(fd_, parts, count);
  if (n == static_cast<ssize_t>(total)) [[likely]]
    return Writing(*this, 1, 0, true);
  if (n < 0) {
    if (!is_retry(errno)) return Writing(*this, -errno, 0, true);
    n = 0;
  }
  keep_unsent(parts, count, static_cast<std::size_t>(n), scratch, scratch_size);
  return Writing(*this, 0, to_timeout_ms(timeout), false);
}

Sock::Writing Sock::send_all(std::string_view bytes, Millis timeout) {
  const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  return send_all(&part, 1, timeout);
}

Sock::Writing Sock::writable(Millis timeout) {
  assert(!writer_ && "one writer at a time");
  return Writing(*this, 0, to_timeout_ms(timeout), false);
}

void Sock::keep_unsent(const iovec* parts, int count, std::size_t sent, const char* scratch, std::size_t scratch_size) {
  drop_unsent();
  unsent_ = new Unsent;
  unsent_->parts = Parts(parts, count);
  unsent_->parts.advance(sent);
  if (scratch) unsent_->copy = unsent_->parts.copy_scratch(scratch, scratch_size);
}

void Sock::drop_unsent() noexcept {
  // A close_notify after half a message would tell the peer that it was whole.
  if (tls_ && unsent_ && !unsent_->parts.empty()) tls_->give_up();
  delete unsent_;
  unsent_ = nullptr;
}

void Sock::Writing::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  sock_->writer_ = this;
  sock_->rearm_write(*this);
}

Sock::Writing::~Writing() {
  if (!sock_) return;
  if (sock_->writer_ == this) {  // the frame dies while it waits
    sock_->writer_ = nullptr;
    sock_->write_timer_.unlink();
  }
  if (!done_) sock_->drop_unsent();
}

void Sock::rearm_write(const Writing& op) noexcept {
  reactor_->timers_.arm(write_timer_, op.timeout_ms_, reactor_->now_ms_);
}

bool Sock::try_write(Writing& op) {
  Parts none;
  Parts& rest = unsent_ ? unsent_->parts : none;
  const std::size_t before = rest.bytes();
  op.result_ = 1;
  if (tls_) {
    const int sent = tls_->send(rest);
    if (sent != 0) {
      op.result_ = sent;
      return true;
    }
    if (tls_->progressed()) rearm_write(op);
    return false;
  }
  while (!rest.empty()) {
    const ssize_t n = send_parts(fd_, rest.data(), rest.count());
    if (n < 0 && is_retry(errno)) {
      if (rest.bytes() < before) rearm_write(op);
      return false;
    }
    if (n < 0) {
      op.result_ = -errno;
      return true;
    }
    rest.advance(static_cast<std::size_t>(n));
  }
  return true;
}

void Sock::finish_write(int result) {
  Writing& writer = *std::exchange(writer_, nullptr);
  write_timer_.unlink();
  drop_unsent();
  writer.result_ = result;
  writer.done_ = true;
  writer.waiter_.resume();
}

bool Sock::cancel_write(int result) noexcept {
  if (!writer_ || writer_->done_) return false;
  writer_->result_ = result;
  writer_->done_ = true;
  reactor_->defer(*this);
  return true;
}

// --- ends

void Sock::flush_idle_tls() noexcept {
  // A failure shows at the next operation.
  // Once: a shutdown() raises an event, even if it changes nothing.
  if (tls_->flush() == 1 && std::exchange(fin_pending_, false)) ::shutdown(fd_, SHUT_WR);
}

void Sock::shutdown_write() noexcept {
  if (std::exchange(write_shut_, true)) return;
  if (tls_) {
    tls_->close_notify();
    fin_pending_ = tls_->has_unsent();
    if (fin_pending_) return;
  }
  ::shutdown(fd_, SHUT_WR);
}

void Sock::abort() noexcept {
  const struct ::linger reset { 1, 0 };
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (tls_) tls_->give_up();
}

}  // namespace weir::net
