// AuthCache: answers of external authentication services that may be used again (spec 4.1, auth-cache-*). Bounded: the
// longest unused answer goes first. Keys are SHA-256 digests, so that two requests share an answer only if all that the
// key was made of is equal. One worker; times are of Reactor::now_ms().
#pragma once

#include "weir/features/auth/external.h"
#include "weir/http/head.h"
#include "weir/proxy/auth_answer.h"
#include "weir/tls/digest.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <unordered_map>
#include <vector>

namespace weir::proxy {

// How long an answer with this head may be used again, in seconds; 0: not at all. `now`: seconds since 1970.
std::int64_t auth_answer_lifetime(const http::ResponseHead& head, const std::vector<features::AuthCacheRule>& rules,
                                  std::int64_t now);

class AuthCache {
 public:
  static constexpr std::size_t kMostBytes = 16 * 1024 * 1024;
  static constexpr std::size_t kLargest = 16 * 1024;  // a larger answer is not kept
  static constexpr std::uint64_t kIdleMs = 30 * 60 * 1000;

  // Null: none that is valid. Until the next call.
  const AuthAnswer* find(const tls::Sha256& key, std::uint64_t now_ms);
  void keep(const tls::Sha256& key, const AuthAnswer& answer, std::uint64_t now_ms, std::int64_t seconds);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    tls::Sha256 key;
    AuthAnswer answer;
    std::uint64_t ends_ms = 0;
    std::uint64_t used_ms = 0;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;  // last used first
  void drop(Entries::iterator entry);

  Entries entries_;
  // A digest is a hash already.
  struct KeyHash {
    std::size_t operator()(const tls::Sha256& key) const {
      std::size_t hash = 0;
      std::memcpy(&hash, key.data(), sizeof hash);
      return hash;
    }
  };
  std::unordered_map<tls::Sha256, Entries::iterator, KeyHash> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace weir::proxy
