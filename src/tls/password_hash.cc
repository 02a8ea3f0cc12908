#include "weir/tls/password_hash.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace weir::tls {
namespace {

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string digest_of(const EVP_MD* kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, kind, nullptr) != 1) return {};
  return {out.begin(), out.begin() + size};
}

// Six bits a character, lowest first.
void append_itoa64(std::uint32_t value, int characters, std::string& out) {
  constexpr std::string_view kDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (; characters > 0; --characters, value >>= 6) out += kDigits[value & 63];
}

std::string apr1_text(std::string_view salt, const std::string& digest) {
  constexpr std::array<std::array<std::size_t, 3>, 5> kOrder{
      {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}}};
  auto byte = [&digest](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(digest[i])); };
  std::string out = "$apr1$";
  out.append(salt).append("$");
  for (const auto& [a, b, c] : kOrder) append_itoa64(byte(a) << 16 | byte(b) << 8 | byte(c), 4, out);
  append_itoa64(byte(11), 2, out);
  return out;
}

// The MD5 scheme of Apache's htpasswd: MD5-crypt with another magic. 1000 rounds.
bool matches_apr1(const std::string& password, std::string_view hash) {
  constexpr std::string_view kMagic = "$apr1$";
  std::string_view salt = hash.substr(kMagic.size());
  salt = salt.substr(0, std::min<std::size_t>(salt.find('$'), 8));
  const std::string salted(salt);
  std::string digest = digest_of(EVP_md5(), password + salted + password);
  if (digest.empty()) return false;
  std::string text = password;
  text.append(kMagic).append(salted);
  for (std::size_t left = password.size(); left > 0; left -= std::min<std::size_t>(left, 16)) {
    text.append(digest, 0, std::min<std::size_t>(left, 16));
  }
  for (std::size_t bits = password.size(); bits > 0; bits >>= 1) text += (bits & 1) != 0 ? '\0' : password.front();
  digest = digest_of(EVP_md5(), text);
  for (int round = 0; round < 1000 && !digest.empty(); ++round) {
    text = (round & 1) != 0 ? password : digest;
    if (round % 3 != 0) text += salted;
    if (round % 7 != 0) text += password;
    text += (round & 1) != 0 ? digest : password;
    digest = digest_of(EVP_md5(), text);
  }
  return !digest.empty() && same(apr1_text(salt, digest), hash);
}

// Base64 of a SHA-1, followed by the salt with {SSHA}.
bool matches_sha1(const std::string& password, std::string_view text, bool salted) {
  constexpr std::size_t kSha1 = 20;
  if (text.size() % 4 != 0) return false;
  std::vector<unsigned char> bytes(text.size() / 4 * 3 + 1);
  const int decoded =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (decoded < 0) return false;
  auto size = static_cast<std::size_t>(decoded);
  for (std::size_t i = text.size(); i > 0 && text[i - 1] == '=' && size > 0; --i) --size;
  if (size < kSha1 || (!salted && size != kSha1)) return false;
  const std::string stored(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  return same(digest_of(EVP_sha1(), password + stored.substr(kSha1)), std::string_view(stored).substr(0, kSha1));
}

bool matches_crypt(const std::string& password, const std::string& hash) {
  // 32 KiB, which would be too much for a stack of unknown size; filled with zeros, as crypt_r asks for.
  const auto data = std::make_unique<crypt_data>();
  const char* result = crypt_r(password.c_str(), hash.c_str(), data.get());
  const bool matches = result != nullptr && result[0] != '*' && same(result, hash);
  OPENSSL_cleanse(data.get(), sizeof *data);
  return matches;
}

}  // namespace

bool matches_hash(const std::string& password, const std::string& hash) {
  if (password.find('\0') != std::string::npos || hash.find('\0') != std::string::npos) return false;
  const std::string_view text = hash;
  if (text.starts_with("$apr1$")) return matches_apr1(password, text);
  if (text.starts_with("{SHA}")) return matches_sha1(password, text.substr(5), false);
  if (text.starts_with("{SSHA}")) return matches_sha1(password, text.substr(6), true);
  if (text.starts_with("{PLAIN}")) return same(password, text.substr(7));
  for (const std::string_view kind : {"$2a$", "$2b$", "$2y$", "$5$", "$6$", "$1$"}) {
    if (text.starts_with(kind)) return matches_crypt(password, hash);
  }
  return text.size() == 13 && text.front() != '$' && matches_crypt(password, hash);
}

}  // namespace weir::tls
