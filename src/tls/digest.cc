#include "weir/tls/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <memory>
#include <new>
#include <span>
#include <stdexcept>

namespace weir::tls {
namespace {

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

// One algorithm, used again and again by one thread: to begin anew costs neither a look-up of the algorithm under
// OpenSSL's lock nor a count that threads share, as SHA256() and EVP_Digest() do each time.
class Digester {
 public:
  explicit Digester(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new()) {
    if (!context_) throw std::bad_alloc();
    usable_ = EVP_DigestInit_ex(context_.get(), algorithm, nullptr) == 1;
  }

  // False: this algorithm is not to be had.
  bool digest(std::string_view text, unsigned char* out) const {
    EVP_MD_CTX* const context = context_.get();
    return usable_ && EVP_DigestInit_ex(context, nullptr, nullptr) == 1 &&
           EVP_DigestUpdate(context, text.data(), text.size()) == 1 && EVP_DigestFinal_ex(context, out, nullptr) == 1;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, Free> context_;
  bool usable_ = false;
};

// The same for HMAC-SHA256.
class Signer {
 public:
  Signer() : mac_(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr)), context_(EVP_MAC_CTX_new(mac_.get())) {
    char name[] = OSSL_DIGEST_NAME_SHA2_256;
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                     OSSL_PARAM_construct_end()};
    if (!context_ || EVP_MAC_CTX_set_params(context_.get(), parameters) != 1) {
      throw std::runtime_error("HMAC-SHA256 is not to be had");
    }
  }

  bool sign(const Sha256& key, std::string_view text, Sha256& out) const {
    EVP_MAC_CTX* const context = context_.get();
    std::size_t size = 0;
    return EVP_MAC_init(context, key.data(), key.size(), nullptr) == 1 &&
           EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1 &&
           EVP_MAC_final(context, out.data(), &size, out.size()) == 1 && size == out.size();
  }

 private:
  std::unique_ptr<EVP_MAC, Free> mac_;
  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

std::string hex_of(std::span<const std::uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace

Sha256 sha256(std::string_view text) {
  thread_local const Digester digester(EVP_sha256());
  Sha256 digest;
  if (!digester.digest(text, digest.data())) throw std::runtime_error("SHA-256 failed");
  return digest;
}

Sha256 hmac_sha256(const Sha256& key, std::string_view text) {
  thread_local const Signer signer;
  Sha256 digest{};
  if (!signer.sign(key, text, digest)) throw std::runtime_error("HMAC-SHA256 failed");
  return digest;
}

Sha256 random_key() {
  Sha256 key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) throw std::runtime_error("no random bytes");
  return key;
}

std::string to_hex(const Sha256& digest) {
  return hex_of(digest);
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string md5_hex(std::string_view text) {
  thread_local const Digester digester(EVP_md5());
  std::array<std::uint8_t, 16> digest{};
  if (!digester.digest(text, digest.data())) return {};
  return hex_of(digest);
}

}  // namespace weir::tls
