// Step 10 of life-of-a-request: waiting until a slow response may go on.
#include "proxy/pauses.h"

namespace weir::proxy {

void Pauses::resume_due(std::uint64_t now_ms) {
  // Those that wait again, or begin to, join `waiting_`; any of both lists may be destroyed meanwhile.
  net::ListNode looked_at;
  while (!waiting_.alone()) {
    net::ListNode& node = *waiting_.next;
    node.unlink();
    looked_at.push_back(node);
  }
  while (!looked_at.alone()) {
    auto& pause = static_cast<Pause&>(*looked_at.next);
    pause.unlink();
    if (pause.due_ms_ > now_ms) {
      waiting_.push_back(pause);
    } else {
      pause.waiter_.resume();
    }
  }
}

}  // namespace weir::proxy
