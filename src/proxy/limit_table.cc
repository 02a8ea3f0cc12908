// Step 6 of life-of-a-request: what clients have used of their limits.
#include "weir/proxy/limit_table.h"

#include <sched.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <new>
#include <random>

namespace weir::proxy {
namespace {

constexpr int kSpins = 64;  // then the processor goes to whoever holds the lock
constexpr std::uint64_t kConnectionBit = 1;

// SipHash-2-4 (Aumasson, Bernstein 2012): a hash whose collisions cannot be found without the secret.
class SipHash {
 public:
  SipHash(std::uint64_t k0, std::uint64_t k1)
      : v0_(k0 ^ 0x736f6d6570736575u),
        v1_(k1 ^ 0x646f72616e646f6du),
        v2_(k0 ^ 0x6c7967656e657261u),
        v3_(k1 ^ 0x7465646279746573u) {}

  void add(std::string_view bytes) {
    for (const char c : bytes) add_byte(static_cast<unsigned char>(c));
  }
  // Parts of different lengths never run into one another.
  void add_part(std::string_view bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    char length[sizeof size];
    std::memcpy(length, &size, sizeof size);
    add({length, sizeof length});
    add(bytes);
  }
  std::uint64_t finish() {
    word_ |= static_cast<std::uint64_t>(size_ & 0xff) << 56;
    absorb(word_);
    v2_ ^= 0xff;
    for (int i = 0; i < 4; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void add_byte(unsigned char byte) {
    word_ |= static_cast<std::uint64_t>(byte) << (8 * (size_ % 8));
    if (++size_ % 8 != 0) return;
    absorb(word_);
    word_ = 0;
  }
  void absorb(std::uint64_t word) {
    v3_ ^= word;
    round();
    round();
    v0_ ^= word;
  }
  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
  std::uint64_t word_ = 0;
  std::size_t size_ = 0;
};

std::uint64_t to_ns(std::chrono::nanoseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

}  // namespace

// `value` of a leaky bucket: when it will be empty, in nanoseconds of the monotonic clock, which is all there is to
// know of it: at that time or later it is as good as absent. Of connections (kConnectionBit of the key): their number.
struct LimitTable::Entry {
  Key key;
  std::uint64_t value;

  bool is_connections() const { return (key & kConnectionBit) != 0; }
  bool is_free(std::uint64_t now) const { return is_connections() ? value == 0 : value <= now; }
};

// Two cache lines. All zeros is an empty bucket, so that fresh pages need no preparation.
struct alignas(64) LimitTable::Bucket {
  std::atomic<std::uint32_t> locked;
  std::array<Entry, 7> entries;

  Entry* find(Key key) {
    for (Entry& entry : entries) {
      if (entry.key == key) return &entry;
    }
    return nullptr;
  }
  // Room for a new entry; null when there is none.
  Entry* make_room(std::uint64_t now) {
    Entry* nearest = nullptr;
    for (Entry& entry : entries) {
      if (entry.is_free(now)) return &entry;
      if (!entry.is_connections() && (nearest == nullptr || entry.value < nearest->value)) nearest = &entry;
    }
    return nearest;
  }
};

class LimitTable::Locked {
 public:
  explicit Locked(Bucket& bucket) : bucket_(bucket) {
    for (int spins = 0; bucket_.locked.exchange(1, std::memory_order_acquire) != 0; ++spins) {
      if (spins >= kSpins) ::sched_yield();
    }
  }
  ~Locked() { bucket_.locked.store(0, std::memory_order_release); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  Bucket& bucket_;
};

LimitTable::LimitTable(std::size_t buckets) : count_(buckets) {
  // Zeroed by the system page by page, when they are first used.
  void* memory = ::mmap(nullptr, count_ * sizeof(Bucket), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  buckets_ = static_cast<Bucket*>(memory);
  std::random_device device;
  for (std::uint64_t& part : secret_) part = std::uint64_t{device()} << 32 | device();
}

LimitTable::~LimitTable() {
  ::munmap(buckets_, count_ * sizeof(Bucket));
}

LimitTable::Bucket& LimitTable::bucket_of(Key key) const {
  return buckets_[key >> 8 & (count_ - 1)];
}

// Never 0, the key of an entry that was never used.
LimitTable::Key LimitTable::key_of(Kind kind, std::string_view ns, std::string_view ingress,
                                   std::string_view client) const {
  SipHash hash(secret_[0], secret_[1]);
  const char kind_byte = static_cast<char>(kind);
  hash.add({&kind_byte, 1});
  hash.add_part(ns);
  hash.add_part(ingress);
  hash.add_part(client);
  const Key key = hash.finish() & ~std::uint64_t{3};
  return key | 2 | (kind == Kind::connections ? kConnectionBit : 0);
}

bool LimitTable::take(Key key, std::chrono::nanoseconds period, std::uint64_t burst) {
  return take_at(key, period, burst, std::chrono::steady_clock::now().time_since_epoch());
}

bool LimitTable::take_at(Key key, std::chrono::nanoseconds period, std::uint64_t burst, std::chrono::nanoseconds now) {
  const std::uint64_t now_ns = to_ns(now);
  Bucket& bucket = bucket_of(key);
  const Locked locked(bucket);
  Entry* entry = bucket.find(key);
  if (entry != nullptr && entry->value > now_ns) {
    if (entry->value - now_ns > burst * to_ns(period)) return false;
    entry->value += to_ns(period);
    return true;
  }
  if (entry == nullptr) entry = bucket.make_room(now_ns);
  // A bucket full of concurrent requests: this client goes uncounted, which no limit of others is the worse for.
  if (entry == nullptr) return true;
  *entry = {key, now_ns + to_ns(period)};
  return true;
}

void LimitTable::give_back(Key key, std::chrono::nanoseconds period) {
  Bucket& bucket = bucket_of(key);
  const Locked locked(bucket);
  if (Entry* entry = bucket.find(key)) entry->value -= to_ns(period);
}

bool LimitTable::enter(Key key, std::uint64_t most) {
  const std::uint64_t now = to_ns(std::chrono::steady_clock::now().time_since_epoch());
  Bucket& bucket = bucket_of(key);
  const Locked locked(bucket);
  Entry* entry = bucket.find(key);
  if (entry == nullptr) {
    entry = bucket.make_room(now);
    if (entry == nullptr) return false;
    *entry = {key, 0};
  }
  if (entry->value >= most) return false;
  ++entry->value;
  return true;
}

void LimitTable::leave(Key key) noexcept {
  Bucket& bucket = bucket_of(key);
  const Locked locked(bucket);
  if (Entry* entry = bucket.find(key); entry != nullptr && entry->value > 0) --entry->value;
}

}  // namespace weir::proxy
