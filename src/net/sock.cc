// Life, events and reading of a Sock. Writing: sock_write.cc; bulk relays: relay.cc; TLS: tls_stream.cc.
#include "weir/net/sock.h"

#include "weir/net/listen.h"

#include "net/sock_private.h"
#include "net/syscalls.h"
#include "net/tls_stream.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weir::net {
namespace {

// Few enough bytes to be worth moving into a small buffer while more are awaited (half a request head).
constexpr std::uint32_t kSmallInput = 2048;

}  // namespace

std::uint32_t to_timeout_ms(Millis timeout) noexcept {
  if (timeout.count() < 0) return 0;
  if (timeout.count() >= TimerWheel::kForever) return TimerWheel::kForever;
  return static_cast<std::uint32_t>(timeout.count());
}

// An idle connection is a Sock and a frame: see the memory goals in docs/performance.md.
static_assert(sizeof(Sock) <= 320);

// --- life

Sock::Sock(Reactor& reactor, int fd)
    : fd_(fd), reactor_(&reactor), read_timer_(*this, false), deferred_(*this), write_timer_(*this, true) {}

int Sock::watch(bool patient) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = Reactor::event_data(*this, patient);
  return ::epoll_ctl(reactor_->fd(), EPOLL_CTL_ADD, fd_, &event) == 0 ? 0 : -errno;
}

SockPtr Sock::adopt(Reactor& reactor, int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0 && !(flags & O_NONBLOCK)) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  SockPtr sock(new Sock(reactor, fd));
  if (sock->watch(true) != 0) {
    // Without events (the kernel ran out of watches) it behaves like a connection that its peer has closed.
    ::shutdown(fd, SHUT_RDWR);
    sock->readable_ = true;
    sock->hangup_ = Hangup::reset;
  }
  return sock;
}

Task<int> Sock::connect(Reactor& reactor, const Address& to, Millis timeout, SockPtr& out) {
  const int fd = ::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return -errno;
  if (fd >= first_reserved_descriptor()) {
    ::close(fd);
    co_return -EMFILE;
  }
  SockPtr sock(new Sock(reactor, fd));
  (void)set_nodelay(fd);  // a slower connection is still one
  const bool connected = ::connect(fd, to.data(), to.size) == 0;
  if (!connected && errno != EINPROGRESS) co_return -errno;
  // Registered only now: an unconnected socket reports a hang-up.
  if (const int error = sock->watch(false); error < 0) co_return error;
  if (!connected) {
    const int waited = co_await sock->writable(timeout);
    if (waited < 0) co_return waited;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) co_return -error;
  }
  out = std::move(sock);
  co_return 1;
}

Sock::~Sock() {
  if (reader_) reader_->sock_ = nullptr;
  if (writer_) writer_->sock_ = nullptr;
  unwatch();
  if (watching_) watching_->unwatch();
  deferred_.unlink();
  drop_unsent();
  if (tls_) {
    tls_->close_notify();
    delete tls_;
  }
  release_buffer();
  reactor_->forget(*this);
  ::close(fd_);
}

// --- input

void Sock::consume(std::size_t n) noexcept {
  assert(n <= have_);
  have_ -= static_cast<std::uint32_t>(n);
  begin_ = have_ ? begin_ + static_cast<std::uint32_t>(n) : 0;
}

void Sock::drop_input() noexcept {
  large_ = false;
  have_ = 0;
  release_buffer();
}

void Sock::release_buffer() noexcept {
  if (!buffer_) return;
  if (capacity_ >= BufferPool::kSmall) {
    reactor_->buffers_.give(buffer_, capacity_);
  } else {
    free_frame(buffer_, capacity_);
  }
  buffer_ = nullptr;
  begin_ = have_ = capacity_ = 0;
}

void Sock::move_buffer(char* to, std::uint32_t capacity) noexcept {
  const std::uint32_t have = have_;
  std::memcpy(to, buffer_ + begin_, have);
  release_buffer();
  buffer_ = to;
  capacity_ = capacity;
  have_ = have;
}

void Sock::shrink_buffer() noexcept {
  if (!buffer_) return;
  if (have_ == 0) return release_buffer();
  if (have_ > kSmallInput || capacity_ < BufferPool::kSmall) return;
  const std::uint32_t capacity = (have_ + 63) / 64 * 64;
  move_buffer(static_cast<char*>(allocate_frame(capacity)), capacity);
}

bool Sock::make_room(std::uint32_t& room) {
  const std::uint32_t wanted = large_ ? BufferPool::kLarge : BufferPool::kSmall;
  if (!buffer_) {
    buffer_ = reactor_->buffers_.take(wanted);
    capacity_ = wanted;
    begin_ = have_ = 0;
  } else if (capacity_ < wanted) {
    move_buffer(reactor_->buffers_.take(wanted), wanted);
  }
  if (begin_ > 0 && capacity_ - begin_ - have_ < room) {
    std::memmove(buffer_, buffer_ + begin_, have_);
    begin_ = 0;
  }
  room = std::min(room, capacity_ - begin_ - have_);
  return room > 0;
}

bool Sock::grow_input(std::uint32_t bytes) {
  if (bytes > BufferPool::kLarge) return false;
  if (bytes > BufferPool::kSmall) large_ = true;  // taken by the next read
  return true;
}

// --- reading

Sock::Reading Sock::recv_some(std::uint32_t room, Millis timeout) {
  return start_read(ReadOp::recv, room, timeout, false);
}

Sock::Reading Sock::wait_idle(Millis timeout) {
  large_ = false;
  return start_read(ReadOp::recv, BufferPool::kSmall, timeout, true);
}

Sock::Reading Sock::readable(Millis timeout) {
  return start_read(ReadOp::readable, 0, timeout, false);
}

Sock::Reading Sock::handshake(Millis timeout) {
  return start_read(ReadOp::handshake, 0, timeout, false);
}

Sock::Reading Sock::linger(Millis total) {
  shutdown_write();
  return start_read(ReadOp::discard, 0, total, false);
}

Sock::Reading Sock::start_read(ReadOp op, std::uint32_t room, Millis timeout, bool idle) {
  assert(!reader_ && "one reader at a time");
  return Reading(*this, op, room, to_timeout_ms(timeout), idle);
}

Sock::Reading::Reading(Sock& sock, ReadOp op, std::uint32_t room, std::uint32_t timeout_ms, bool idle)
    : sock_(&sock), room_(room), timeout_ms_(timeout_ms), op_(op), idle_(idle) {
  // A TLS handshake of the client side has something to send before anything can be read.
  if (!sock.has_input_for(op) && op != ReadOp::handshake) return;
  if (--sock.reactor_->budget_ <= 0) {
    untried_ = true;
  } else {
    done_ = sock.try_read(*this);
  }
}

bool Sock::Reading::await_suspend(std::coroutine_handle<> waiter) noexcept {
  Sock& sock = *sock_;
  if (sock.cancel_result_ != 0) {
    result_ = std::exchange(sock.cancel_result_, 0);
    return false;
  }
  waiter_ = waiter;
  sock.reader_ = this;
  sock.shrink_buffer();
  sock.read_timer_.idle = idle_;
  sock.reactor_->timers_.arm(sock.read_timer_, timeout_ms_, sock.reactor_->now_ms_);
  if (untried_) sock.reactor_->defer(sock);
  return true;
}

Sock::Reading::~Reading() {
  if (!sock_ || sock_->reader_ != this) return;
  sock_->reader_ = nullptr;  // the frame dies while it waits
  sock_->read_timer_.unlink();
}

bool Sock::has_input_for(ReadOp op) const noexcept {
  return readable_ || (tls_ && op != ReadOp::discard && tls_->has_input());
}

bool Sock::try_read(Reading& op) {
  switch (op.op_) {
    case ReadOp::recv:
      return tls_ ? tls_->try_recv(op) : try_recv(op);
    case ReadOp::handshake:
      return tls_->try_handshake(op);
    case ReadOp::discard:
      return try_discard(op);
    case ReadOp::readable:
      break;
  }
  op.result_ = 1;
  return true;
}

bool Sock::try_recv(Reading& op) {
  std::uint32_t room = op.room_;
  if (!make_room(room)) {
    op.result_ = -ENOBUFS;
    return true;
  }
  ssize_t n = receive(fd_, buffer_ + begin_ + have_, room, 0);
  if (n < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      op.result_ = -errno;
      return true;
    }
    readable_ = eof();
    if (!readable_) return false;
    n = 0;
  }
  if (n == 0) {
    note_fin();
  } else {
    // A short read has emptied the socket: the next bytes raise a new edge, without an EAGAIN in between. But a FIN
    // that came in the same edge as data is never reported again, so after it reading goes on until 0.
    readable_ = eof() || n == static_cast<ssize_t>(room);
  }
  have_ += static_cast<std::uint32_t>(n);
  op.result_ = static_cast<int>(n);
  return true;
}

bool Sock::try_discard(Reading& op) {
  have_ = 0;
  std::uint32_t room = BufferPool::kSmall;
  make_room(room);
  for (int i = 0; i < Reactor::kBudget; ++i) {
    const ssize_t n = ::recv(fd_, buffer_, room, 0);
    if (n > 0) continue;
    if (n < 0 && (errno == EAGAIN || errno == EINTR) && !eof()) {
      readable_ = false;
      return false;
    }
    op.result_ = n < 0 && errno != EAGAIN ? -errno : 0;
    return true;
  }
  reactor_->defer(*this);
  return false;
}

void Sock::finish_read(int result) {
  Reading& reader = *std::exchange(reader_, nullptr);
  read_timer_.unlink();
  reader.result_ = result;
  reader.waiter_.resume();
}

bool Sock::cancel_read(int result) noexcept {
  if (!reader_ || reader_->done_) return false;
  reader_->result_ = result;
  reader_->done_ = true;
  reactor_->defer(*this);
  return true;
}

// --- events

void Sock::on_event(std::uint32_t events) {
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable_ = true;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) [[unlikely]]
    note_hangup(events);
  Reactor& reactor = *reactor_;  // outlives this Sock
  reactor.begin_event();
  reactor.current_ = this;
  const bool writable = events & (EPOLLOUT | EPOLLHUP | EPOLLERR);
  if (writer_) [[unlikely]] {
    if (writer_->done_ || (writable && try_write(*writer_))) {
      finish_write(writer_->result_);
      if (reactor.current_ != this) return;  // destroyed by the coroutine
    }
  } else if (writable && tls_) {
    flush_idle_tls();
  }
  run_reader();
}

void Sock::run_reader() {
  if (reader_) {
    Reading& op = *reader_;
    const bool worth_trying = std::exchange(op.untried_, false) || has_input_for(op.op_);
    if (!op.done_ && !(worth_trying && try_read(op))) return shrink_buffer();
    finish_read(op.result_);
  } else if (idle_hook_ && readable_) {
    idle_hook_(idle_context_, *this);
  }
}

void Sock::note_fin() noexcept {
  readable_ = true;
  if (hangup_ == Hangup::none) hangup_ = Hangup::fin;
}

void Sock::note_hangup(std::uint32_t events) noexcept {
  // EPOLLHUP after our own FIN only says that both directions have ended in order.
  const bool reset = (events & EPOLLERR) || ((events & EPOLLHUP) && !write_shut_);
  hangup_ = std::max(hangup_, reset ? Hangup::reset : Hangup::fin);
  if (!reader_) tell_watcher();
}

void Sock::tell_watcher() noexcept {
  if (!watched_for_ || hangup_ < watch_kind_) return;
  if (!watched_for_->cancel_read(-ECONNABORTED)) watched_for_->cancel_result_ = -ECONNABORTED;
}

void Sock::watch_hangup(Sock& other, Hangup kind) noexcept {
  unwatch();
  if (other.watching_) other.watching_->unwatch();
  watched_for_ = &other;
  other.watching_ = this;
  watch_kind_ = std::max(kind, Hangup::fin);
  if (!reader_) tell_watcher();
}

void Sock::unwatch() noexcept {
  if (!watched_for_) return;
  watched_for_->watching_ = nullptr;
  watched_for_->cancel_result_ = 0;
  watched_for_ = nullptr;
}

// --- pooled connections

bool Sock::quiet() {
  if (have_ > 0 || eof()) return false;
  if (!has_input_for(ReadOp::recv)) [[likely]]
    return true;
  if (tls_) return tls_->quiet();
  // Often a stale edge: the bytes it announced have been read already.
  char byte;
  if (::recv(fd_, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN) {
    readable_ = false;
    return true;
  }
  return false;
}

void Sock::set_idle_hook(IdleHook hook, void* context) noexcept {
  idle_hook_ = hook;
  idle_context_ = context;
}

// --- addresses

Address Sock::peer_address() const {
  Address address;
  address.size = sizeof address.storage;
  if (::getpeername(fd_, address.data(), &address.size) != 0) return {};
  return address;
}

Address Sock::local_address() const {
  return local_address_of(fd_);
}

}  // namespace weir::net
