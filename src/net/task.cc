#include "weir/net/task.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEIR_PLAIN_FRAMES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WEIR_PLAIN_FRAMES 1
#endif
#endif

namespace weir::net {
namespace {

constexpr std::size_t kAlignment = 64;

void* allocate_plain(std::size_t size) {
  return ::operator new(size, std::align_val_t(kAlignment));
}
void free_plain(void* frame) noexcept {
  ::operator delete(frame, std::align_val_t(kAlignment));
}

#ifndef WEIR_PLAIN_FRAMES

class FrameSlab {
 public:
  constexpr FrameSlab() = default;

  void* take(std::size_t size) {
    const std::size_t index = class_of(size);
    if (index >= kClasses) [[unlikely]]
      return allocate_plain(size);
    if (Free* frame = free_[index]) [[likely]] {
      free_[index] = frame->next;
      return frame;
    }
    return carve(index * kStep);
  }

  void give(void* frame, std::size_t size) noexcept {
    const std::size_t index = class_of(size);
    if (index >= kClasses) [[unlikely]]
      return free_plain(frame);
    free_[index] = new (frame) Free{free_[index]};
  }

 private:
  struct Free {
    Free* next;
  };
  static constexpr std::size_t kStep = 64;
  static constexpr std::size_t kClasses = 65;  // up to 4 KiB
  static constexpr std::size_t kChunk = 64 * 1024;

  static std::size_t class_of(std::size_t size) { return (size + kStep - 1) / kStep; }

  [[gnu::noinline]] void* carve(std::size_t size) {
    if (left_ < size) {
      next_ = static_cast<char*>(allocate_plain(kChunk));
      left_ = kChunk;
    }
    left_ -= size;
    return std::exchange(next_, next_ + size);
  }

  Free* free_[kClasses] = {};
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

constinit thread_local FrameSlab frames;

#endif

}  // namespace

#ifdef WEIR_PLAIN_FRAMES
void* allocate_frame(std::size_t size) {
  return allocate_plain(size);
}
void free_frame(void* frame, std::size_t) noexcept {
  free_plain(frame);
}
#else
void* allocate_frame(std::size_t size) {
  return frames.take(size);
}
void free_frame(void* frame, std::size_t size) noexcept {
  frames.give(frame, size);
}
#endif

void Job::promise_type::unhandled_exception() const noexcept {
  ++group->exceptions_;
  const char* text = "unknown exception";
  auto keep = [this](const char* what) noexcept {
    const std::size_t length = std::min(std::strlen(what), sizeof(group->last_exception_) - 1);
    std::memcpy(group->last_exception_, what, length);
    group->last_exception_[length] = '\0';
  };
  try {
    throw;
  } catch (const std::exception& e) {
    keep(e.what());
  } catch (...) {
    keep(text);
  }
}

void JobGroup::destroy_all() noexcept {
  while (!jobs_.alone()) {
    auto& promise = static_cast<Job::promise_type&>(*jobs_.next);
    std::coroutine_handle<Job::promise_type>::from_promise(promise).destroy();
  }
}

}  // namespace weir::net
