#include "weir/proxy/password_check.h"

#include "weir/tls/digest.h"
#include "weir/tls/password_hash.h"

#include <memory>
#include <utility>

namespace weir::proxy {
class PasswordCheck::HashWork final : public upstream::Work {
 public:
  HashWork(std::string password, std::string hash) : password_(std::move(password)), hash_(std::move(hash)) {}
  int run() override { return tls::matches_hash(password_, hash_) ? 1 : 0; }

 private:
  const std::string password_;
  const std::string hash_;
};

// Counts a waiting check for as long as its frame lives.
class PasswordCheck::Waiting {
 public:
  explicit Waiting(std::size_t& count) : count_(count) { ++count_; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { --count_; }

 private:
  std::size_t& count_;
};

PasswordCheck::PasswordCheck(upstream::Offload& offload, const upstream::PostToWorker& post)
    : offload_(offload), post_(post), secret_(tls::random_key()) {}

PasswordCheck::Key PasswordCheck::key_of(std::string_view password, std::string_view hash) const {
  std::string text;
  text.reserve(password.size() + hash.size() + 1);
  text.append(hash).push_back('\0');  // a usable hash has no NUL: two different pairs never give one text
  text.append(password);
  return tls::hmac_sha256(secret_, text);
}

net::MaybeTask<PasswordCheck::Outcome> PasswordCheck::verify(std::string_view password, std::string_view hash) {
  const Key key = key_of(password, hash);
  if (const auto found = known_.find(key); found != known_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    return Outcome::right;
  }
  if (waiting_ >= kMostWaiting) return Outcome::busy;
  return work_out(key, std::string(password), std::string(hash));
}

net::Task<PasswordCheck::Outcome> PasswordCheck::work_out(Key key, std::string password, std::string hash) {
  const Waiting waiting(waiting_);
  auto work = std::make_shared<HashWork>(std::move(password), std::move(hash));
  const int matches = co_await offload_.run(post_, std::move(work));
  if (matches != 1) co_return Outcome::wrong;
  remember(key);
  co_return Outcome::right;
}

// The key is a keyed digest: how long a look-up takes tells nothing about a password.
void PasswordCheck::remember(const Key& key) {
  if (known_.contains(key)) return;
  if (order_.size() >= kRemembered) {
    known_.erase(order_.back());
    order_.pop_back();
  }
  order_.push_front(key);
  known_.emplace(key, order_.begin());
}

}  // namespace weir::proxy
