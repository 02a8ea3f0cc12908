// PasswordCheck: are a name and a password one user's? Hashes are slow on purpose, so a thread of its own works them
// out (upstream/offload.h) and what was right is remembered: a second request costs one HMAC. What was wrong is not
// remembered, or guesses could push out what is right.
//
// The memory is bounded (kRemembered entries, the longest unused one goes first) and holds neither passwords nor
// hashes: its keys are HMAC-SHA256 of both under a key that this object draws from the system's random source. A
// changed Secret has other hashes, so nothing needs to be forgotten.
//
// Thread rule: one worker. Lifetime: the worker's; outlived by the Offload.
#pragma once

#include "weir/net/task.h"
#include "weir/upstream/offload.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

namespace weir::proxy {

class PasswordCheck {
 public:
  static constexpr std::size_t kRemembered = 4096;
  static constexpr std::size_t kMostWaiting = 64;  // of this worker; a second or so of work for cheap hashes

  enum class Outcome : std::uint8_t { right, wrong, busy };

  // `post` outlives this.
  PasswordCheck(upstream::Offload& offload, const upstream::PostToWorker& post);
  PasswordCheck(const PasswordCheck&) = delete;
  PasswordCheck& operator=(const PasswordCheck&) = delete;

  // `hash` as in tls/password_hash.h. busy: too many checks wait already.
  net::MaybeTask<Outcome> verify(std::string_view password, std::string_view hash);

  std::size_t remembered() const { return order_.size(); }

 private:
  class HashWork;
  class Waiting;
  using Key = std::array<std::uint8_t, 32>;
  using Order = std::list<Key>;  // last used first

  Key key_of(std::string_view password, std::string_view hash) const;
  net::Task<Outcome> work_out(Key key, std::string password, std::string hash);
  void remember(const Key& key);

  upstream::Offload& offload_;
  const upstream::PostToWorker& post_;
  Key secret_{};
  Order order_;
  std::map<Key, Order::iterator> known_;
  std::size_t waiting_ = 0;
};

}  // namespace weir::proxy
