// Reactor: the edge-triggered event source of one worker, and what its thread sleeps in: other sources (a timer,
// functions from other threads) are listeners. See docs/adr/ for why it is not nested in an io_context.
//
//   while (running) reactor.wait();   every 100 ms: reactor.expire();
//
// Each Sock is registered once; the reactor performs the pending operation of a Sock when an event arrives and resumes
// the coroutine only when the operation has finished. Thread rule: everything on the thread that made it. Lifetime: it
// outlives its Socks. drain(), expire() and cancel_idle() resume coroutines: never call them from inside one.
// Making one ignores SIGPIPE in the process: splice() and sendfile() have no flag against it.
#pragma once

#include "weir/net/buffer_pool.h"
#include "weir/net/pipe_pool.h"
#include "weir/net/task.h"
#include "weir/net/timer_wheel.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

struct epoll_event;

namespace weir::net {

class Sock;

class Reactor {
 public:
  // Throws std::system_error when no descriptor can be made (start-up only).
  Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  // The newest Reactor of this thread. REQUIRES: one exists.
  static Reactor& current() noexcept;

  // Sleeps until something is ready and handles it, as drain() does.
  void wait();
  // Readable when drain() has something to do, for loops that sleep elsewhere.
  int fd() const { return epoll_fd_; }
  // Handles what is ready. Returns in bounded time: what is left makes fd() readable again.
  void drain();
  // Ends the waits whose time is over with -ETIMEDOUT. Call it every 100 ms.
  void expire();
  // Graceful drain: every wait_idle() ends, with the bytes that have arrived meanwhile or else with -ECANCELED.
  void cancel_idle();

  // Coarse monotonic clock (a few ms), read once per wait(), drain() and expire().
  std::uint64_t now_ms() const { return now_ms_; }
  // Exact monotonic clock in microseconds, read once per event: what a coroutine does until it waits is one moment.
  // After long work of its own it calls refresh_clock().
  std::int64_t now_us() {
    if (now_us_ == 0) [[unlikely]]
      now_us_ = read_clock_us();
    return now_us_;
  }
  void refresh_clock() noexcept { now_us_ = 0; }

  // `on_readable` runs whenever `fd` is readable (level-triggered); it may remove this or any listener. `fd` stays the
  // caller's. Returns 0 or -errno.
  int add_listener(int fd, std::function<void()> on_readable);
  void remove_listener(int fd) noexcept;
  // A paused listener produces no events until the next expire().
  void pause_listener(int fd) noexcept;

  BufferPool& buffers() { return buffers_; }
  PipePool& pipes() { return pipes_; }

 private:
  friend class Sock;
  friend class TlsStream;
  struct Listener;
  struct Batch;
  struct Outbox;  // ciphertext of the running TLS operation; see tls_stream.h

  // Reads a coroutine may do without suspending before others get their turn.
  static constexpr int kBudget = 16;
  static constexpr int kMaxRounds = 64;

  // The rest of the current batch must not see a destroyed Sock.
  void forget(Sock& sock) noexcept;
  // Runs the Sock's reader and writer in the next round.
  void defer(Sock& sock) noexcept;
  void wake() noexcept;
  void run(int wait_ms);  // -1: without end
  void handle(const epoll_event& event);
  void handle_patient();
  static std::uint64_t event_data(Sock& sock, bool patient) noexcept;
  void run_ready();
  void end_waits(ListNode& timers, int result);
  void resume_listeners() noexcept;
  void retire(std::unique_ptr<Listener> listener) noexcept;
  void free_retired() noexcept;
  void update_clock() noexcept;
  static std::int64_t read_clock_us() noexcept;
  // A coroutine is about to be resumed, or started.
  void begin_event() noexcept {
    budget_ = kBudget;
    now_us_ = 0;
  }
  Listener* find_listener(int fd) noexcept;

  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  bool running_ = false;  // inside run(): the ready queue will be looked at
  bool woken_ = false;    // wake_fd_ is readable
  int budget_ = kBudget;
  std::uint64_t now_ms_ = 0;
  std::int64_t now_us_ = 0;  // 0: to be read
  std::uint64_t last_trim_ms_ = 0;
  std::unique_ptr<Batch> batch_;
  Sock* current_ = nullptr;  // the Sock being handled; nullptr once it is destroyed
  ListNode ready_;
  TimerWheel timers_;
  BufferPool buffers_;
  PipePool pipes_;
  std::unordered_map<int, std::unique_ptr<Listener>> listeners_;  // by descriptor
  std::unique_ptr<Listener> removed_listeners_;                   // a chain, freed by the next run()
  bool has_paused_listeners_ = false;
  std::unique_ptr<Outbox> outbox_;
  Reactor* previous_ = nullptr;
};

}  // namespace weir::net
