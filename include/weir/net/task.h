// Light coroutines for ONE worker thread (performance.md 8): Job is the root of a connection, Task<T> a child,
// MaybeTask<T> "a value or a Task", which ordinary (virtual) functions return.
//
// Rules (docs/traps.md): write `co_await f(...)` directly; coroutine parameters are references and integers only, what
// they refer to outlives the frame; no aggregate temporaries with destructors inside a co_await expression; no alignas
// above 16 for locals. Frames come from a per-thread slab and must die on the thread that made them.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace weir::net {

// Per-thread free lists of frames in 64-byte classes, 64-byte aligned; slab memory is not returned to the system. Plain
// allocation under AddressSanitizer and ThreadSanitizer, which would otherwise see nothing.
void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

struct FrameFromSlab {
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }
};

template <class T>
class Task;

struct TaskPromiseBase : FrameFromSlab {
  std::coroutine_handle<> parent;
  std::exception_ptr error;

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      std::coroutine_handle<> up = self.promise().parent;
      return up ? up : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };
  // Eager start: the body runs at the call. Symmetric transfer of lazy tasks is no tail call under ASan.
  std::suspend_never initial_suspend() const noexcept { return {}; }
  Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }
  void rethrow() {
    if (error) [[unlikely]]
      std::rethrow_exception(std::move(error));
  }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  T value{};  // small value types only
  Task<T> get_return_object() noexcept;
  void return_value(T v) noexcept { value = std::move(v); }
  T take() {
    rethrow();
    return std::move(value);
  }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() { rethrow(); }
};

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // The Task is its own awaiter: no extra temporary in the caller's frame.
  bool await_ready() const noexcept { return handle_.done(); }
  void await_suspend(std::coroutine_handle<> parent) noexcept { handle_.promise().parent = parent; }
  T await_resume() { return handle_.promise().take(); }

  Handle release() noexcept { return std::exchange(handle_, {}); }

 private:
  Handle handle_;
};

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(Task<T>::Handle::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(Task<void>::Handle::from_promise(*this));
}

template <class T>
class [[nodiscard]] MaybeTask {
 public:
  MaybeTask(T value) noexcept : value_(std::move(value)) {}  // NOLINT: implicit on purpose
  MaybeTask(Task<T>&& task) noexcept : handle_(task.release()) {}
  MaybeTask(MaybeTask&& other) noexcept : handle_(std::exchange(other.handle_, {})), value_(std::move(other.value_)) {}
  ~MaybeTask() {
    if (handle_) [[unlikely]]
      handle_.destroy();
  }

  bool await_ready() const noexcept { return !handle_ || handle_.done(); }
  void await_suspend(std::coroutine_handle<> parent) noexcept { handle_.promise().parent = parent; }
  T await_resume() {
    if (handle_) [[unlikely]]
      return handle_.promise().take();
    return std::move(value_);
  }

 private:
  typename Task<T>::Handle handle_{};
  T value_{};
};

// Intrusive circular list node.
struct ListNode {
  ListNode* prev = this;
  ListNode* next = this;

  void unlink() noexcept {
    prev->next = next;
    next->prev = prev;
    prev = next = this;
  }
  void push_back(ListNode& node) noexcept {
    node.prev = prev;
    node.next = this;
    prev->next = &node;
    prev = &node;
  }
  bool alone() const noexcept { return next == this; }
};

class JobGroup;

// Root coroutine of one connection: starts at once and frees itself at its end. Its first parameter is the JobGroup&.
struct Job {
  struct promise_type : FrameFromSlab, ListNode {
    template <class... Args>
    explicit promise_type(JobGroup& group, Args&...) noexcept;
    // A member function: the object comes first.
    template <class Object, class... Args>
    requires(!std::is_same_v<std::remove_cv_t<Object>, JobGroup>) promise_type(Object&, JobGroup& group, Args&...)
    noexcept;
    ~promise_type();
    Job get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    // That connection dies (its sockets close by RAII), the worker lives; counted by the group.
    void unhandled_exception() const noexcept;

    JobGroup* group;
  };
};

// All jobs of a worker. Destroying a job's frame is the cancellation: locals and awaited children unwind by RAII.
// Lifetime: outlives its jobs; destroying the group destroys what is left of them.
class JobGroup {
 public:
  JobGroup() = default;
  JobGroup(const JobGroup&) = delete;
  JobGroup& operator=(const JobGroup&) = delete;
  ~JobGroup() { destroy_all(); }

  bool empty() const noexcept { return jobs_.alone(); }
  std::size_t size() const noexcept { return size_; }
  // Jobs that ended by an exception, and what the last one said (for the log).
  std::size_t exceptions() const noexcept { return exceptions_; }
  const char* last_exception() const noexcept { return last_exception_; }
  // REQUIRES: not called from inside a coroutine of the group.
  void destroy_all() noexcept;

 private:
  friend struct Job::promise_type;
  ListNode jobs_;
  std::size_t size_ = 0;
  std::size_t exceptions_ = 0;
  char last_exception_[120] = "";
};

template <class... Args>
Job::promise_type::promise_type(JobGroup& g, Args&...) noexcept : group(&g) {
  g.jobs_.push_back(*this);
  ++g.size_;
}

template <class Object, class... Args>
requires(!std::is_same_v<std::remove_cv_t<Object>, JobGroup>) Job::promise_type::promise_type(Object&, JobGroup& g,
                                                                                              Args&...)
noexcept : promise_type(g) {}

inline Job::promise_type::~promise_type() {
  unlink();
  --group->size_;
}

}  // namespace weir::net
