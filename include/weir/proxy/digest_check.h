// DigestCheck: is an answer to a challenge of digest authentication right, and is it the first of its kind (RFC 7616;
// spec 4.2)? MD5 with qop=auth, which is what the original asks for. One for the process: a client may use a nonce on
// connections of several workers.
//
// A nonce tells when it was made and is signed with a key drawn at the start, so that nothing is kept of challenges
// that nobody answers. It serves for kLifetimeMs. From the first right answer on, its counts (nc) are kept: each counts
// once; they may come out of order by kWindow, as several connections bring them. At most kMost nonces are kept; then
// the oldest is forgotten, and with it all that are older, which get a new challenge.
//
// Thread rule: any thread. A lock is held for a look-up in a tree, only for right answers (docs/adr/0007).
#pragma once

#include "weir/http/digest_credentials.h"
#include "weir/tls/digest.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace weir::proxy {

class DigestCheck {
 public:
  using Now = std::function<std::int64_t()>;  // ms of a clock that never goes back
  static constexpr std::int64_t kLifetimeMs = 300'000;
  static constexpr std::size_t kMost = 16384;  // some 100 bytes each
  static constexpr std::uint32_t kWindow = 64;

  explicit DigestCheck(Now now = {}, std::size_t most = kMost);

  // For a challenge; 64 characters, lower-case hex.
  std::string make_nonce();

  // What a request and the location say.
  struct Asked {
    std::string_view method;
    std::string_view target;  // as in the request line
    std::string_view realm;
    std::string_view hash;  // the user's MD5(name:realm:password) in lower-case hex; empty: there is no such user
  };
  // stale: the password is right, but the nonce is not (any more): the client may ask again with a new one.
  enum class Outcome : std::uint8_t { right, wrong, stale };
  Outcome check(const http::DigestCredentials& given, const Asked& asked);

  std::size_t kept() const;

 private:
  using Id = std::pair<std::int64_t, std::uint64_t>;  // when it was made, its number
  struct Counts {
    std::uint32_t highest = 0;
    std::uint64_t window = 0;  // bit i: highest - i was used
  };

  // false: forged, or too old.
  bool is_current(std::string_view nonce, Id& id) const;
  bool count(const Id& id, std::uint32_t nc);
  std::string signature(std::string_view id) const;

  const Now now_;
  const std::size_t most_;
  const tls::Sha256 key_;
  std::atomic<std::uint64_t> made_{0};
  mutable std::mutex mutex_;  // guards what follows
  std::map<Id, Counts> used_;
  Id forgotten_{-1, 0};  // no nonce up to this one that is not in used_ counts
};

}  // namespace weir::proxy
