// OutBuffer: scratch memory of a worker in which heads and small bodies are put together before they are sent, so that
// they go out with one plain send(). What it holds is valid until the next suspension of the coroutine that built it:
// build directly before send_all, and name data()/size() there as the scratch (net/sock.h copies on a short send).
//
// One worker. Heads are written with http::HeadWriter over end() and room(), then advance().
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace weir::upstream {

class OutBuffer {
 public:
  explicit OutBuffer(std::size_t capacity = 96 * 1024) : data_(new char[capacity]), capacity_(capacity) {}

  void clear() { size_ = 0; }
  // Room for `more` further bytes; moves what is there.
  void ensure(std::size_t more) {
    if (room() >= more) [[likely]]
      return;
    const std::size_t capacity = size_ + more;
    std::unique_ptr<char[]> bigger(new char[capacity]);
    std::memcpy(bigger.get(), data_.get(), size_);
    data_ = std::move(bigger);
    capacity_ = capacity;
  }
  // REQUIRES: room() >= text.size()
  void put(std::string_view text) {
    text.copy(end(), text.size());  // unlike memcpy, takes an empty view without data
    size_ += text.size();
  }
  // Bytes written behind end() by other means.
  void advance(std::size_t n) { size_ += n; }

  char* data() { return data_.get(); }
  char* end() { return data_.get() + size_; }
  std::size_t size() const { return size_; }
  std::size_t room() const { return capacity_ - size_; }
  std::string_view view() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_;
};

}  // namespace weir::upstream
