#include "weir/net/reactor.h"

#include "weir/net/sock.h"

#include "net/tls_stream.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>

namespace weir::net {
namespace {

constexpr int kMaxEvents = 512;
// So many patient Socks are handled before the kernel is asked for prompt ones again.
constexpr std::size_t kPatientAtOnce = 32;
constexpr std::uint64_t kTrimEveryMs = 5000;

// What epoll_event.data says: an address, with the kind of object in its lowest bits, or one of these.
constexpr std::uint64_t kForgotten = 0;
constexpr std::uint64_t kWakeUp = 2;
constexpr std::uint64_t kListenerBit = 1;
constexpr std::uint64_t kPatientBit = 4;
constexpr std::uint64_t kBits = kListenerBit | kPatientBit;

constinit thread_local Reactor* current_reactor = nullptr;

template <class T>
std::uint64_t as_data(T* object) {
  return reinterpret_cast<std::uintptr_t>(object);
}

}  // namespace

struct Reactor::Listener {
  int fd;
  std::function<void()> on_readable;
  bool paused = false;
  bool removed = false;
  std::unique_ptr<Listener> next_removed{};
};

struct Reactor::Batch {
  epoll_event events[kMaxEvents];
  int count = 0;
  int index = 0;
  std::vector<epoll_event> patient;  // from `next` on
  std::size_t next = 0;
};

Reactor::Reactor() : batch_(std::make_unique<Batch>()), timers_(0), outbox_(std::make_unique<Outbox>()) {
  epoll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeUp;
  if (wake_fd_ < 0 || ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) != 0) {
    const int error = errno;
    if (wake_fd_ >= 0) ::close(wake_fd_);
    ::close(epoll_fd_);
    throw std::system_error(error, std::generic_category(), "eventfd of a reactor");
  }
  std::signal(SIGPIPE, SIG_IGN);
  update_clock();
  previous_ = std::exchange(current_reactor, this);
}

Reactor::~Reactor() {
  free_retired();
  if (current_reactor == this) current_reactor = previous_;
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

Reactor& Reactor::current() noexcept {
  assert(current_reactor);
  return *current_reactor;
}

void Reactor::wait() {
  run(-1);
}

void Reactor::drain() {
  run(0);
}

// Under load the prompt Socks, on which requests wait for their answers, come before the patient ones, which bring new
// requests: the fewer requests are under way, the more of their memory is found in the processor's cache.
void Reactor::run(int wait_ms) {
  assert(!running_ && "drain() from inside a coroutine");
  running_ = true;
  free_retired();
  Batch& batch = *batch_;
  for (int round = 0; round < kMaxRounds; ++round) {
    const bool may_sleep = round == 0 && batch.patient.empty();
    const int count = ::epoll_wait(epoll_fd_, batch.events, kMaxEvents, may_sleep ? wait_ms : 0);
    update_clock();
    batch.count = std::max(count, 0);
    for (batch.index = 0; batch.index < batch.count; ++batch.index) {
      const epoll_event& event = batch.events[batch.index];
      if ((event.data.u64 & kPatientBit) != 0) {
        batch.patient.push_back(event);
      } else {
        handle(event);
      }
    }
    batch.count = 0;
    run_ready();
    handle_patient();
    if (count < kMaxEvents && batch.patient.empty() && ready_.alone()) break;
  }
  running_ = false;
  begin_event();  // for coroutines that other handlers of the worker start
  if (!ready_.alone() || !batch.patient.empty()) wake();
}

void Reactor::handle_patient() {
  Batch& batch = *batch_;
  // A part of many, so that there can never be too many.
  const std::size_t waiting = batch.patient.size() - batch.next;
  const std::size_t end = batch.next + std::min(waiting, std::max(kPatientAtOnce, waiting / 8));
  while (batch.next < end) {
    const epoll_event event = batch.patient[batch.next++];
    handle(event);
  }
  if (batch.next < batch.patient.size()) return;
  batch.patient.clear();
  batch.next = 0;
}

void Reactor::handle(const epoll_event& event) {
  if (event.data.u64 == kForgotten) return;
  if (event.data.u64 == kWakeUp) {
    std::uint64_t ignored;
    (void)!::read(wake_fd_, &ignored, sizeof ignored);
    woken_ = false;
  } else if (event.data.u64 & kListenerBit) {
    // epoll carries the pointer and a mark in one word.
    auto* listener = reinterpret_cast<Listener*>(  // NOLINT(performance-no-int-to-ptr)
        event.data.u64 & ~kBits);
    begin_event();
    if (!listener->removed && !listener->paused) listener->on_readable();
  } else {
    reinterpret_cast<Sock*>(event.data.u64 & ~kBits)->on_event(event.events);  // NOLINT(performance-no-int-to-ptr)
  }
}

void Reactor::run_ready() {
  ListNode round;  // what becomes ready meanwhile waits for the next events
  while (!ready_.alone()) {
    ListNode& node = *ready_.next;
    node.unlink();
    round.push_back(node);
  }
  while (!round.alone()) {
    auto& node = static_cast<Sock::Deferred&>(*round.next);
    node.unlink();
    node.sock->on_event(0);
  }
}

void Reactor::expire() {
  drain();  // a late worker must not time out what has arrived
  ListNode due;
  timers_.collect_due(now_ms_, due);
  end_waits(due, -ETIMEDOUT);
  resume_listeners();
  if (now_ms_ - last_trim_ms_ >= kTrimEveryMs) {
    last_trim_ms_ = now_ms_;
    buffers_.trim();
  }
}

void Reactor::cancel_idle() {
  ListNode idle;
  timers_.collect_idle(idle);
  end_waits(idle, -ECANCELED);
}

void Reactor::end_waits(ListNode& timers, int result) {
  running_ = true;
  while (!timers.alone()) {
    auto& timer = static_cast<Timer&>(*timers.next);
    timer.unlink();
    begin_event();
    Sock& sock = *timer.sock;
    if (timer.for_write) {
      sock.finish_write(sock.writer_->done_ ? sock.writer_->result_ : result);
      continue;
    }
    Sock::Reading& reader = *sock.reader_;
    // A drain asks the socket once more: a request that has arrived but was not reported yet is served.
    if (!reader.done_ && result == -ECANCELED) {
      sock.readable_ = true;
      if (!sock.try_read(reader)) reader.result_ = result;
    } else if (!reader.done_) {
      reader.result_ = result;
    }
    sock.finish_read(reader.result_);
  }
  running_ = false;
  if (!ready_.alone()) wake();
}

void Reactor::forget(Sock& sock) noexcept {
  if (current_ == &sock) current_ = nullptr;
  for (int i = batch_->index + 1; i < batch_->count; ++i)
    if ((batch_->events[i].data.u64 & ~kBits) == as_data(&sock)) batch_->events[i].data.u64 = kForgotten;
  for (std::size_t i = batch_->next; i < batch_->patient.size(); ++i) {
    if ((batch_->patient[i].data.u64 & ~kBits) == as_data(&sock)) batch_->patient[i].data.u64 = kForgotten;
  }
}

std::uint64_t Reactor::event_data(Sock& sock, bool patient) noexcept {
  return as_data(&sock) | (patient ? kPatientBit : 0);
}

void Reactor::defer(Sock& sock) noexcept {
  if (!sock.deferred_.alone()) return;
  ready_.push_back(sock.deferred_);
  if (!running_) wake();
}

void Reactor::wake() noexcept {
  if (std::exchange(woken_, true)) return;
  const std::uint64_t one = 1;
  (void)!::write(wake_fd_, &one, sizeof one);  // only fails when the counter is huge, that is, already set
}

int Reactor::add_listener(int fd, std::function<void()> on_readable) {
  auto listener = std::make_unique<Listener>(Listener{fd, std::move(on_readable)});
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = as_data(listener.get()) | kListenerBit;
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) return -errno;
  std::unique_ptr<Listener>& entry = listeners_[fd];
  if (entry) retire(std::move(entry));  // of a descriptor that was closed without a word
  entry = std::move(listener);
  return 0;
}

Reactor::Listener* Reactor::find_listener(int fd) noexcept {
  const auto found = listeners_.find(fd);
  return found == listeners_.end() ? nullptr : found->second.get();
}

void Reactor::remove_listener(int fd) noexcept {
  const auto found = listeners_.find(fd);
  if (found == listeners_.end()) return;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  retire(std::move(found->second));
  listeners_.erase(found);
}

// Its callback may be running, or be next in this batch: freed by a later drain().
void Reactor::retire(std::unique_ptr<Listener> listener) noexcept {
  listener->removed = true;
  listener->next_removed = std::move(removed_listeners_);
  removed_listeners_ = std::move(listener);
}

void Reactor::free_retired() noexcept {
  while (removed_listeners_) {
    std::unique_ptr<Listener> next = std::move(removed_listeners_->next_removed);
    removed_listeners_ = std::move(next);
  }
}

void Reactor::pause_listener(int fd) noexcept {
  Listener* listener = find_listener(fd);
  if (!listener) return;
  listener->paused = has_paused_listeners_ = true;
  epoll_event event{};
  event.data.u64 = as_data(listener) | kListenerBit;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
}

void Reactor::resume_listeners() noexcept {
  if (!std::exchange(has_paused_listeners_, false)) return;
  for (const auto& [fd, listener] : listeners_) {
    if (!listener->paused) continue;
    listener->paused = false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = as_data(listener.get()) | kListenerBit;
    ::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
  }
}

std::int64_t Reactor::read_clock_us() noexcept {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

void Reactor::update_clock() noexcept {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  now_ms_ = static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000000;
}

}  // namespace weir::net
