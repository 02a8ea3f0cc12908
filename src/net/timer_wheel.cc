#include "weir/net/timer_wheel.h"

#include <algorithm>

namespace weir::net {

void TimerWheel::arm(Timer& timer, std::uint32_t after_ms, std::uint64_t now_ms) noexcept {
  timer.unlink();
  if (after_ms == kForever) {
    forever_.push_back(timer);
    return;
  }
  timer.due_ms = now_ms + after_ms;
  // A slot that was already looked at would come up a whole turn later.
  const std::uint64_t tick = std::max((timer.due_ms + kTickMs - 1) / kTickMs, last_tick_ + 1);
  slots_[tick % kSlots].push_back(timer);
}

void TimerWheel::collect_due(std::uint64_t now_ms, ListNode& due) noexcept {
  const std::uint64_t now_tick = now_ms / kTickMs;
  if (now_tick <= last_tick_) return;
  // After a long sleep each slot needs one look only.
  std::uint64_t tick = std::max(last_tick_ + 1, now_tick >= kSlots ? now_tick - kSlots + 1 : 0);
  for (; tick <= now_tick; ++tick) {
    ListNode& slot = slots_[tick % kSlots];
    for (ListNode* node = slot.next; node != &slot;) {
      auto& timer = static_cast<Timer&>(*node);
      node = node->next;
      if (timer.due_ms > now_ms) continue;
      timer.unlink();
      due.push_back(timer);
    }
  }
  last_tick_ = now_tick;
}

void TimerWheel::collect_idle(ListNode& out) noexcept {
  auto collect = [&out](ListNode& list) {
    for (ListNode* node = list.next; node != &list;) {
      auto& timer = static_cast<Timer&>(*node);
      node = node->next;
      if (!timer.idle) continue;
      timer.unlink();
      out.push_back(timer);
    }
  };
  for (ListNode& slot : slots_) collect(slot);
  collect(forever_);
}

}  // namespace weir::net
