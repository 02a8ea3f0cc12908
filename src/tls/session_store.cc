#include "tls/session_store.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>

namespace weir::tls {

std::size_t SessionStore::IdHash::operator()(const Id& id) const {
  std::uint64_t value = 0;
  std::memcpy(&value, id.bytes.data(), sizeof value);
  return static_cast<std::size_t>(value);
}

SessionStore::SessionStore(std::size_t capacity) : shard_capacity_(std::max<std::size_t>(1, capacity / kShards)) {}

SessionStore::~SessionStore() {
  for (Shard& shard : shards_) {
    for (auto& [id, session] : shard.sessions) OPENSSL_cleanse(session.data(), session.size());
  }
}

SessionStore::Id SessionStore::id_of(std::string_view id) {
  Id result;
  result.size = static_cast<std::uint8_t>(std::min(id.size(), result.bytes.size()));
  std::copy_n(id.data(), result.size, result.bytes.data());
  return result;
}

SessionStore::Shard& SessionStore::shard_of(const Id& id) {
  return shards_[static_cast<unsigned char>(id.bytes[8]) % kShards];
}

void SessionStore::insert(std::string_view id, std::string session) {
  const Id key = id_of(id);
  Shard& shard = shard_of(key);
  std::lock_guard lock(shard.mutex);
  while (shard.order.size() >= shard_capacity_) {
    auto oldest = shard.sessions.find(shard.order.front());
    if (oldest != shard.sessions.end()) {
      OPENSSL_cleanse(oldest->second.data(), oldest->second.size());
      shard.sessions.erase(oldest);
    }
    shard.order.pop_front();
  }
  if (shard.sessions.insert_or_assign(key, std::move(session)).second) shard.order.push_back(key);
}

bool SessionStore::find(std::string_view id, std::string& session) {
  const Id key = id_of(id);
  Shard& shard = shard_of(key);
  std::lock_guard lock(shard.mutex);
  auto found = shard.sessions.find(key);
  if (found == shard.sessions.end()) return false;
  session = found->second;
  return true;
}

void SessionStore::erase(std::string_view id) {
  const Id key = id_of(id);
  Shard& shard = shard_of(key);
  std::lock_guard lock(shard.mutex);
  auto found = shard.sessions.find(key);
  if (found == shard.sessions.end()) return;
  OPENSSL_cleanse(found->second.data(), found->second.size());
  shard.sessions.erase(found);
}

std::size_t SessionStore::size() {
  std::size_t total = 0;
  for (Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    total += shard.sessions.size();
  }
  return total;
}

}  // namespace weir::tls
