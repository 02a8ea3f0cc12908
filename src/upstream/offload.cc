#include "weir/upstream/offload.h"

#include <utility>

namespace weir::upstream {

Offload::Offload() : thread_([this] { loop(); }) {}

Offload::~Offload() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

void Offload::submit(WorkPtr work, PostToWorker post) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    queue_.push_back({std::move(work), std::move(post)});
  }
  changed_.notify_one();
}

void Offload::loop() {
  for (;;) {
    Item item;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      item = std::move(queue_.front());
      queue_.pop_front();
    }
    int result = item.work->run();
    if (!item.post) continue;
    // The work goes along, so that it is given up on the worker's thread, as is all that it holds.
    item.post([work = std::move(item.work), result] {
      work->result_ = result;
      if (std::coroutine_handle<> waiter = std::exchange(work->waiter_, {})) waiter.resume();
    });
  }
}

}  // namespace weir::upstream
