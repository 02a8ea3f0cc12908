#include "weir/upstream/resolver.h"

#include <algorithm>
#include <utility>

namespace weir::upstream {
namespace {

constexpr std::chrono::seconds kShortest{1};  // also for a failure
constexpr std::chrono::hours kLongest{1};
constexpr std::chrono::seconds kStale{30};  // beyond the TTL, while it is looked up again

}  // namespace

struct Resolver::Entry {
  AddressList addresses;            // of the last answer that had some
  Clock::time_point fresh_until{};  // when to ask again
  Clock::time_point keep_until{};   // of `addresses`
  std::list<std::map<std::string, Entry>::iterator>::iterator use;
  bool asking = false;
  bool resuming = false;  // take() still needs it
  std::vector<Waiting*> waiting;
};

// In the frame of the coroutine that waits.
class Resolver::Waiting {
 public:
  explicit Waiting(Entry& entry) : entry_(entry) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  // Still listed: the frame was destroyed while it waited.
  ~Waiting() { std::erase(entry_.waiting, this); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    entry_.waiting.push_back(this);
  }
  void await_resume() const noexcept {}
  void resume() { waiter_.resume(); }

 private:
  Entry& entry_;
  std::coroutine_handle<> waiter_;
};

Resolver::Resolver(Lookup lookup, PostToWorker post, Now now)
    : lookup_(std::move(lookup)),
      post_(std::move(post)),
      now_(std::move(now)),
      self_(std::make_shared<Resolver*>(this)) {}

Resolver::~Resolver() = default;

// The longest unused that nobody waits for.
bool Resolver::forget_one() {
  for (auto use = by_use_.end(); use != by_use_.begin();) {
    const auto entry = *--use;
    if (entry->second.asking || entry->second.resuming || !entry->second.waiting.empty()) continue;
    by_use_.erase(use);
    entries_.erase(entry);
    return true;
  }
  return false;
}

Resolver::Entry* Resolver::entry_of(const std::string& name) {
  const auto found = entries_.find(name);
  if (found != entries_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, found->second.use);
    return &found->second;
  }
  if (entries_.size() >= kMost && !forget_one()) return nullptr;
  const auto made = entries_.try_emplace(name).first;
  made->second.use = by_use_.insert(by_use_.begin(), made);
  return &made->second;
}

void Resolver::ask(const std::string& name, Entry& entry) {
  entry.asking = true;
  lookup_(name, [post = post_, self = std::weak_ptr<Resolver*>(self_), name](DnsAnswer answer) {
    post([self, name, answer = std::move(answer)]() mutable {
      if (const auto alive = self.lock()) (*alive)->take(name, std::move(answer));
    });
  });
}

void Resolver::take(const std::string& name, DnsAnswer answer) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  const auto now = now_();
  entry.asking = false;
  if (answer.addresses.empty()) {
    entry.fresh_until = now + kShortest;
  } else {
    entry.addresses = std::make_shared<const std::vector<base::IpAddress>>(std::move(answer.addresses));
    entry.fresh_until = now + std::clamp<std::chrono::seconds>(answer.ttl, kShortest, kLongest);
    entry.keep_until = entry.fresh_until + kStale;
  }
  // Who is resumed may end others that wait.
  entry.resuming = true;
  while (!entry.waiting.empty()) {
    Waiting* next = entry.waiting.back();
    entry.waiting.pop_back();
    next->resume();
  }
  entry.resuming = false;
}

net::Task<AddressList> Resolver::resolve(const std::string& name) {
  const auto now = now_();
  Entry* const known = entry_of(name);
  if (known == nullptr) co_return AddressList{};
  Entry& entry = *known;
  if (!entry.asking && now >= entry.fresh_until) ask(name, entry);
  if (entry.addresses && now < entry.keep_until) co_return entry.addresses;
  // A name that failed within the last second fails at once.
  if (!entry.asking) co_return AddressList{};
  Waiting waiting(entry);
  co_await waiting;
  if (entry.addresses && now_() < entry.keep_until) co_return entry.addresses;
  co_return AddressList{};
}

}  // namespace weir::upstream
