// TimerWheel: deadlines of the waits of one worker, in steps of 100 ms. Arming and disarming are O(1) list moves for
// any duration; a wheel of 1024 slots holds a deadline of up to 102 s in its own slot, longer ones are looked at once a
// turn.
//
// A Timer lives in the object that waits; unlink() disarms it. One thread.
#pragma once

#include "weir/net/task.h"

#include <array>
#include <cstdint>

namespace weir::net {

class Sock;

struct Timer : ListNode {
  Timer(Sock& owner, bool write) : sock(&owner), for_write(write) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { unlink(); }

  std::uint64_t due_ms = 0;
  Sock* sock;
  bool for_write;
  bool idle = false;  // the wait between two requests, which a graceful drain ends
};

class TimerWheel {
 public:
  static constexpr std::uint32_t kTickMs = 100;
  static constexpr std::uint32_t kForever = UINT32_MAX;  // armed (a drain finds it), never due

  explicit TimerWheel(std::uint64_t now_ms) : last_tick_(now_ms / kTickMs) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Not due before `now_ms + after_ms`, and at most one tick later. Re-arms an armed timer.
  void arm(Timer& timer, std::uint32_t after_ms, std::uint64_t now_ms) noexcept;

  // Moves every timer that is due into `due`, the earliest tick first.
  void collect_due(std::uint64_t now_ms, ListNode& due) noexcept;
  // Moves every timer marked `idle` into `out`.
  void collect_idle(ListNode& out) noexcept;

 private:
  static constexpr std::size_t kSlots = 1024;

  std::array<ListNode, kSlots> slots_;
  ListNode forever_;
  std::uint64_t last_tick_;
};

}  // namespace weir::net
