// OutBuffer: the scratch memory of a worker in which heads are built before they are sent. One contiguous piece, so that
// a head goes out with one plain send(). What it holds is valid until the next suspension of the coroutine that built
// it: build directly before send_all, and name data()/size() there as the scratch (net/sock.h copies on a short send).
//
// Call ensure() once with an upper bound, then put() without further checks of the capacity. One worker.
#pragma once

#include <cassert>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace weir::upstream {

class OutBuffer {
 public:
  OutBuffer() { grow(kInitial); }

  void clear() { size_ = 0; }
  // Room for `more` further bytes.
  void ensure(std::size_t more) {
    if (capacity_ - size_ < more) [[unlikely]] grow(size_ + more);
  }
  // REQUIRES: ensure() allowed for it.
  void put(std::string_view text) {
    assert(capacity_ - size_ >= text.size());
    std::memcpy(data_.get() + size_, text.data(), text.size());
    size_ += text.size();
  }
  void put(char c) {
    assert(capacity_ > size_);
    data_[size_++] = c;
  }
  void put_number(std::uint64_t number) { put_number(number, 10); }
  void put_hex(std::uint64_t number) { put_number(number, 16); }
  void put_field(std::string_view name, std::string_view value) {
    put(name);
    put(": ");
    put(value);
    put("\r\n");
  }
  // Bytes written past the end by other means, e.g. a read.
  void advance(std::size_t n) { size_ += n; }

  char* data() { return data_.get(); }
  char* end() { return data_.get() + size_; }
  std::size_t size() const { return size_; }
  std::size_t room() const { return capacity_ - size_; }
  std::string_view view() const { return {data_.get(), size_}; }

  static constexpr std::size_t kNumber = 20;  // longest number

 private:
  static constexpr std::size_t kInitial = 96 * 1024;

  void put_number(std::uint64_t number, int base) {
    assert(room() >= kNumber);
    size_ = static_cast<std::size_t>(std::to_chars(end(), data_.get() + capacity_, number, base).ptr - data_.get());
  }
  void grow(std::size_t capacity) {
    std::unique_ptr<char[]> bigger(new char[capacity]);
    if (size_ > 0) std::memcpy(bigger.get(), data_.get(), size_);
    data_ = std::move(bigger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace weir::upstream
