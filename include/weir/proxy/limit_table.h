// LimitTable: what clients have used of their limits (spec 4.5), one count for all workers. Fixed memory (16 MiB of
// address space, of which only the pages in use are ever filled), whatever number of clients, Ingresses and tables come
// and go. It outlives routing tables; a limit that changes goes on from the count there is.
//
// Thread rule: any thread; a short spin lock per bucket of seven entries is held for some tens of nanoseconds
// (docs/adr/0005-limit-table.md). Lifetime: the Server's; holds end before it.
//
// When a bucket is full, the entry that is the nearest to being unused makes room. Entries of concurrent requests never
// do; if there is nothing else, a further client there is over its limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::proxy {

class LimitTable {
 public:
  static constexpr std::size_t kBuckets = std::size_t{1} << 17;

  // `buckets` is a power of two. Throws std::bad_alloc.
  explicit LimitTable(std::size_t buckets = kBuckets);
  ~LimitTable();
  LimitTable(const LimitTable&) = delete;
  LimitTable& operator=(const LimitTable&) = delete;

  using Key = std::uint64_t;
  enum class Kind : std::uint8_t { connections, rps, rpm };
  // Who is counted: a client of an Ingress. With a secret of this table, so that nobody can choose his neighbours.
  Key key_of(Kind kind, std::string_view ns, std::string_view ingress, std::string_view client) const;

  // A leaky bucket: a request leaks out every `period`, `burst` more than one fit in. false: it is full, and nothing
  // was counted.
  bool take(Key key, std::chrono::nanoseconds period, std::uint64_t burst);
  bool take_at(Key key, std::chrono::nanoseconds period, std::uint64_t burst, std::chrono::nanoseconds now);
  // Undoes a take that said true.
  void give_back(Key key, std::chrono::nanoseconds period);

  // One more at a time; false: there are `most` already. Each true is followed by one leave().
  bool enter(Key key, std::uint64_t most);
  void leave(Key key) noexcept;

 private:
  struct Entry;
  struct Bucket;
  class Locked;

  Bucket& bucket_of(Key key) const;

  Bucket* buckets_ = nullptr;
  std::size_t count_;
  std::uint64_t secret_[2];
};

// One of a client's concurrent requests; leaves when it is destroyed or released.
class LimitHold {
 public:
  LimitHold() = default;
  LimitHold(LimitTable& table, LimitTable::Key key) : table_(&table), key_(key) {}
  LimitHold(LimitHold&& other) noexcept : table_(other.table_), key_(other.key_) { other.table_ = nullptr; }
  LimitHold& operator=(LimitHold&& other) noexcept {
    if (this == &other) return *this;
    release();
    table_ = other.table_;
    key_ = other.key_;
    other.table_ = nullptr;
    return *this;
  }
  ~LimitHold() { release(); }

  bool held() const { return table_ != nullptr; }
  void release() noexcept {
    if (table_ != nullptr) table_->leave(key_);
    table_ = nullptr;
  }

 private:
  LimitTable* table_ = nullptr;
  LimitTable::Key key_ = 0;
};

}  // namespace weir::proxy
