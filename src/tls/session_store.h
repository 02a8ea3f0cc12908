// TLS sessions and ticket keys of the listeners. Stands outside SSL_CTX, so that sessions survive a new context
// (changed ciphers, for example). Shared by all workers; one lock per shard, held for a map operation only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

namespace weir::tls {

class SessionStore {
 public:
  // At most about `capacity` sessions are kept; the oldest go first.
  explicit SessionStore(std::size_t capacity);
  ~SessionStore();
  SessionStore(const SessionStore&) = delete;
  SessionStore& operator=(const SessionStore&) = delete;

  // `session`: the encoded session; holds its master secret, so it is wiped when it leaves the store.
  void insert(std::string_view id, std::string session);
  // Copies the session to `session`; false if it is not there.
  bool find(std::string_view id, std::string& session);
  void erase(std::string_view id);
  std::size_t size();

 private:
  struct Id {
    std::array<char, 32> bytes{};
    std::uint8_t size = 0;

    bool operator==(const Id&) const = default;
  };
  // Session ids are random: made by OpenSSL on this side. Any eight bytes of one are a hash.
  struct IdHash {
    using is_avalanching = void;
    std::size_t operator()(const Id& id) const;
  };
  struct Shard {
    std::mutex mutex;
    boost::unordered_flat_map<Id, std::string, IdHash> sessions;
    std::deque<Id> order;  // of insertion; may name sessions that are gone
  };
  static constexpr std::size_t kShards = 16;

  static Id id_of(std::string_view id);
  Shard& shard_of(const Id& id);

  std::size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace weir::tls
