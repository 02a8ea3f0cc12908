// Pauses: coroutines of a worker that go on after some time, in steps of the worker's tick (100 ms). One thread.
//
//   co_await Pause(worker.pauses(), now_ms + 250);
#pragma once

#include "weir/net/task.h"

#include <coroutine>
#include <cstdint>

namespace weir::proxy {

// Holds only what waits; a Pause whose frame is destroyed leaves by itself. Outlives its Pauses.
class Pauses {
 public:
  Pauses() = default;
  Pauses(const Pauses&) = delete;
  Pauses& operator=(const Pauses&) = delete;

  // Resumes whose time has come. Never call it from inside a coroutine.
  void resume_due(std::uint64_t now_ms);

 private:
  friend class Pause;
  net::ListNode waiting_;
};

class [[nodiscard]] Pause : net::ListNode {
 public:
  Pause(Pauses& pauses, std::uint64_t due_ms) : pauses_(pauses), due_ms_(due_ms) {}
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  ~Pause() { unlink(); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    pauses_.waiting_.push_back(*this);
  }
  void await_resume() const noexcept {}

 private:
  friend class Pauses;
  Pauses& pauses_;
  std::uint64_t due_ms_;
  std::coroutine_handle<> waiter_;
};

}  // namespace weir::proxy
