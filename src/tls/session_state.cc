#include "tls/session_state.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

namespace weir::tls {
namespace {

constexpr std::uint64_t kSessionsPerMebibyte = 4000;  // the original's rule of thumb (spec 6.2)
constexpr std::size_t kShortKey = 48;                 // name 16, AES-128 16, HMAC 16
constexpr std::size_t kLongKey = 80;                  // name 16, HMAC 32, AES-256 32: OpenSSL's own layout
constexpr std::size_t kTicketNameSize = 16;
constexpr std::size_t kShortKeyPart = 16;

std::size_t capacity_of(std::uint64_t bytes) {
  constexpr std::uint64_t kMebibyte = 1024 * 1024;
  constexpr std::uint64_t kMost = 1024 * kMebibyte;  // four million sessions: beyond any sense, but no overflow
  return static_cast<std::size_t>(
      std::max<std::uint64_t>(1, std::min(bytes, kMost) * kSessionsPerMebibyte / kMebibyte));
}

void free_state(void*, void* state, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::shared_ptr<SessionState>*>(state);
}

int state_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_state);
  return index;
}

SessionState& state_of(const SSL_CTX* context) {
  return **static_cast<std::shared_ptr<SessionState>*>(SSL_CTX_get_ex_data(context, state_index()));
}

std::string_view id_of(const SSL_SESSION* session) {
  unsigned size = 0;
  const unsigned char* id = SSL_SESSION_get_id(session, &size);
  return {reinterpret_cast<const char*>(id), size};
}

// Returns 0: no reference to `session` is kept, only its encoded form (a third of the size, and free of any context).
int store_session(SSL* ssl, SSL_SESSION* session) {
  SessionState& state = state_of(SSL_get_SSL_CTX(ssl));
  // A TLS 1.3 ticket carries its session itself.
  if (state.tickets() && SSL_version(ssl) == TLS1_3_VERSION) return 0;
  const int size = i2d_SSL_SESSION(session, nullptr);
  if (size <= 0) return 0;
  std::string encoded(static_cast<std::size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(encoded.data());
  i2d_SSL_SESSION(session, &out);
  state.store().insert(id_of(session), std::move(encoded));
  return 0;
}

SSL_SESSION* find_session(SSL* ssl, const unsigned char* id, int id_size, int* copy) {
  *copy = 0;  // the caller owns what is returned
  std::string encoded;
  if (!state_of(SSL_get_SSL_CTX(ssl))
           .store()
           .find({reinterpret_cast<const char*>(id), static_cast<std::size_t>(id_size)}, encoded)) {
    return nullptr;
  }
  const auto* in = reinterpret_cast<const unsigned char*>(encoded.data());
  SSL_SESSION* session = d2i_SSL_SESSION(nullptr, &in, static_cast<long>(encoded.size()));
  OPENSSL_cleanse(encoded.data(), encoded.size());
  return session;
}

void remove_session(SSL_CTX* context, SSL_SESSION* session) {
  state_of(context).store().erase(id_of(session));
}

// Tickets under a 48 byte key, compatible with nginx replicas that share it: AES-128-CBC and HMAC-SHA256.
int short_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                     int encrypt) {
  const std::string& key = state_of(SSL_get_SSL_CTX(ssl)).ticket_key();
  const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
  const unsigned char* aes = bytes + kTicketNameSize;
  unsigned char hmac[kShortKeyPart];
  std::memcpy(hmac, aes + kShortKeyPart, sizeof hmac);
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, hmac, sizeof hmac),
                             OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                             OSSL_PARAM_construct_end()};
  if (encrypt) {
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_128_cbc())) != 1) return -1;
    std::memcpy(name, bytes, kTicketNameSize);
    if (EVP_EncryptInit_ex(cipher, EVP_aes_128_cbc(), nullptr, aes, iv) != 1) return -1;
    return EVP_MAC_CTX_set_params(mac, parameters) == 1 ? 1 : -1;
  }
  if (CRYPTO_memcmp(name, bytes, kTicketNameSize) != 0) return 0;  // someone else's ticket: full handshake
  if (EVP_MAC_CTX_set_params(mac, parameters) != 1) return -1;
  if (EVP_DecryptInit_ex(cipher, EVP_aes_128_cbc(), nullptr, aes, iv) != 1) return -1;
  // 2: valid, and issue a new one; TLS 1.3 tickets are meant to be used once (RFC 8446 C.4).
  return SSL_version(ssl) == TLS1_3_VERSION ? 2 : 1;
}

}  // namespace

SessionState::SessionState(const features::Settings& settings)
    : cache_(settings.ssl_session_cache),
      cache_size_(settings.ssl_session_cache_size),
      timeout_(settings.ssl_session_timeout),
      tickets_(settings.ssl_session_tickets),
      configured_key_(settings.ssl_session_ticket_key),
      ticket_key_(settings.ssl_session_ticket_key),
      store_(capacity_of(settings.ssl_session_cache_size)) {}

SessionState::~SessionState() {
  OPENSSL_cleanse(configured_key_.data(), configured_key_.size());
  OPENSSL_cleanse(ticket_key_.data(), ticket_key_.size());
}

base::Result<std::shared_ptr<SessionState>> SessionState::create(const features::Settings& settings) {
  const std::size_t size = settings.ssl_session_ticket_key.size();
  if (settings.ssl_session_tickets && size != 0 && size != kShortKey && size != kLongKey) {
    return base::fail("ssl-session-ticket-key: the decoded key has " + std::to_string(size) + " bytes; use 48 or 80");
  }
  std::shared_ptr<SessionState> state(new SessionState(settings));
  if (state->ticket_key_.empty()) {
    state->ticket_key_.assign(kLongKey, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(state->ticket_key_.data()), static_cast<int>(kLongKey)) != 1) {
      return base::fail("ssl-session-ticket-key: the system has no random numbers to make a key of");
    }
  }
  return state;
}

bool SessionState::fits(const features::Settings& settings) const {
  return cache_ == settings.ssl_session_cache && cache_size_ == settings.ssl_session_cache_size &&
         timeout_ == settings.ssl_session_timeout && tickets_ == settings.ssl_session_tickets &&
         configured_key_ == settings.ssl_session_ticket_key;
}

void SessionState::install(const std::shared_ptr<SessionState>& self, SSL_CTX* context) {
  SSL_CTX_set_ex_data(context, state_index(), new std::shared_ptr<SessionState>(self));
  constexpr long kLongestTimeout = 7L * 24 * 3600;  // RFC 8446 4.6.1
  SSL_CTX_set_timeout(context, std::clamp<long>(static_cast<long>(self->timeout_.count()), 1, kLongestTimeout));
  // One ticket is what one connection can use; the second costs 4 % of a full handshake.
  SSL_CTX_set_num_tickets(context, self->cache_ || self->tickets_ ? 1 : 0);
  if (self->tickets_) {
    std::string& key = self->ticket_key_;
    if (key.size() == kShortKey) {
      SSL_CTX_set_tlsext_ticket_key_evp_cb(context, short_ticket_key);
    } else {
      SSL_CTX_set_tlsext_ticket_keys(context, key.data(), static_cast<long>(key.size()));
    }
  } else {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  }
  if (!self->cache_) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return;
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, store_session);
  SSL_CTX_sess_set_get_cb(context, find_session);
  SSL_CTX_sess_set_remove_cb(context, remove_session);
}

}  // namespace weir::tls
