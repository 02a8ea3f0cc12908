// Pauses: coroutines of a worker that go on after some time, in steps of the worker's tick (100 ms). One thread.
//
//   co_await Pause(worker.pauses(), now_ms + 250);
//
// or, for what somebody else may end:
//
//   Pause pause(worker.pauses(), now_ms + 30'000, &waiting_);
//   const bool ended_early = co_await pause;
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
  // `place`: points here while this lives.
  Pause(Pauses& pauses, std::uint64_t due_ms, Pause** place = nullptr)
      : pauses_(pauses), due_ms_(due_ms), place_(place) {
    if (place_ != nullptr) *place_ = this;
  }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  ~Pause() {
    if (place_ != nullptr) *place_ = nullptr;
    unlink();
  }

  // Resumes the waiting coroutine now. Never call it from inside a coroutine that the waiting one may destroy.
  void end_early() {
    unlink();
    early_ = true;
    waiter_.resume();
  }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    pauses_.waiting_.push_back(*this);
  }
  bool await_resume() const noexcept { return early_; }

 private:
  friend class Pauses;
  Pauses& pauses_;
  std::uint64_t due_ms_;
  std::coroutine_handle<> waiter_;
  Pause** place_;
  bool early_ = false;
};

}  // namespace weir::proxy
