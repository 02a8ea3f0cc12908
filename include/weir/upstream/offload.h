// Offload: one thread for work that may block (resolving names, writing request bodies to files), so that no worker
// waits for it. A worker's coroutine awaits the result and is resumed on its worker.
//
//   int written = co_await files.run(post, std::make_shared<WriteWork>(...));
//
// Thread rule: submit from any worker; `Work::run` on the Offload's thread; the coroutine resumes where `post` leads.
// Lifetime: a Work owns all it touches, because the coroutine that waits for it may be destroyed meanwhile. An Offload
// must be destroyed before the workers that its posts lead to; what is still queued then is dropped.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace weir::upstream {

// Runs a function on the thread of a worker, soon.
using PostToWorker = std::function<void(std::function<void()>)>;

class Work {
 public:
  virtual ~Work() = default;
  virtual int run() = 0;

 private:
  friend class Offload;
  std::coroutine_handle<> waiter_;  // worker only, but for the hand-over through the queue's lock
  int result_ = 0;
};
using WorkPtr = std::shared_ptr<Work>;

class Offload {
 public:
  class [[nodiscard]] Running {
   public:
    Running(Offload& offload, const PostToWorker& post, WorkPtr work)
        : offload_(offload), post_(post), work_(std::move(work)) {}
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { work_->waiter_ = {}; }  // the frame that waits was destroyed: nobody is resumed

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      work_->waiter_ = waiter;
      offload_.submit(work_, post_);
    }
    int await_resume() const noexcept { return work_->result_; }

   private:
    Offload& offload_;
    const PostToWorker& post_;
    WorkPtr work_;
  };

  Offload();
  ~Offload();
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;

  // `post` outlives the wait.
  Running run(const PostToWorker& post, WorkPtr work) { return {*this, post, std::move(work)}; }
  // Without anybody waiting.
  void submit(WorkPtr work, PostToWorker post = {});

 private:
  struct Item {
    WorkPtr work;
    PostToWorker post;
  };

  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace weir::upstream
