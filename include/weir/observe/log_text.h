// LogText: a text that is put together from many small pieces, such as the lines of an access log. Unlike in a
// std::string, a piece costs its copy and nothing else: the string behind it is kept at its full size meanwhile.
//
// One thread. Views are valid until the next change. Errors: std::bad_alloc when it has to grow.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace weir::observe {

class LogText {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view(std::size_t from = 0) const { return {memory_.data() + from, size_ - from}; }

  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(room(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void push_back(char c) {
    *room(1) = c;
    ++size_;
  }
  // Memory for `most` further bytes; advance() says how many were written.
  char* room(std::size_t most) {
    if (memory_.size() - size_ < most) [[unlikely]]
      grow(most);
    return memory_.data() + size_;
  }
  void advance(std::size_t bytes) { size_ += bytes; }
  // REQUIRES: size <= size()
  void cut(std::size_t size) { size_ = size; }

  // The text; none is left here.
  std::string take() {
    memory_.resize(std::exchange(size_, 0));
    return std::exchange(memory_, std::string());
  }
  // Memory for the next text. REQUIRES: empty()
  void use(std::string memory, std::size_t size) {
    memory_ = std::move(memory);
    memory_.resize(size);
  }

 private:
  [[gnu::noinline]] void grow(std::size_t more) { memory_.resize(2 * memory_.size() + more); }

  std::string memory_;  // its size is the room there is
  std::size_t size_ = 0;
};

}  // namespace weir::observe
