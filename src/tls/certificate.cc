#include "weir/tls/certificate.h"

#include "tls/openssl_certificate.h"
#include "weir/base/ascii.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <ctime>
#include <memory>

namespace weir::tls {
namespace {

// What OpenSSL's security level 2 asks for (RSA 2048, SHA-256). Checked when the Secret is read, because a handshake
// with a certificate below the level fails without a word to the operator.
constexpr int kMinimumSecurityBits = 112;
// A chain is a handful of certificates; a Secret of 1 MiB could hold hundreds, all sent in each full handshake.
constexpr int kMaximumChain = 64;

// Keeps OpenSSL from asking for a password on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

// Leaves the thread's error queue empty on every way out: SSL_get_error() reads it.
struct ErrorQueueGuard {
  ErrorQueueGuard() { ERR_clear_error(); }
  ~ErrorQueueGuard() { ERR_clear_error(); }
};

// OpenSSL's own constant text for the last error; never holds input.
std::string reason_text() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason ? std::string(": ") + reason : std::string();
}

BioPtr memory_bio(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  int length = ASN1_STRING_to_UTF8(&utf8, value);
  if (length < 0) return {};
  OpensslText<unsigned char> owner(utf8);
  return std::string(utf8, utf8 + length);
}

// The last entry of that kind: the most specific one.
std::string entry_of(const X509_NAME* name, int nid) {
  int found = -1;
  for (int i = X509_NAME_get_index_by_NID(name, nid, -1); i >= 0; i = X509_NAME_get_index_by_NID(name, nid, i))
    found = i;
  return found < 0 ? std::string() : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, found)));
}

void add_name(std::vector<std::string>& names, std::string name) {
  // A NUL inside a name is the old trick to look like another name.
  if (name.empty() || name.find('\0') != std::string::npos) return;
  name = base::to_lower(name);
  if (name.back() == '.') name.pop_back();
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
}

std::vector<std::string> names_of(X509* leaf) {
  std::vector<std::string> names;
  GeneralNamesPtr alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)));
  bool has_dns_name = false;
  for (int i = 0; alternatives && i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name->type != GEN_DNS) continue;
    has_dns_name = true;
    const auto* data = ASN1_STRING_get0_data(name->d.dNSName);
    add_name(names, std::string(data, data + ASN1_STRING_length(name->d.dNSName)));
  }
  if (!has_dns_name) add_name(names, entry_of(X509_get_subject_name(leaf), NID_commonName));
  return names;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<std::int64_t>(timegm(&parts));
}

std::string decimal(const ASN1_INTEGER* number) {
  BignumPtr value(ASN1_INTEGER_to_BN(number, nullptr));
  if (!value) return {};
  OpensslText<char> text(BN_bn2dec(value.get()));
  return text ? std::string(text.get()) : std::string();
}

std::string sha1_hex(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  std::string hex;
  if (X509_digest(certificate, EVP_sha1(), digest, &size) != 1) return hex;
  for (unsigned i = 0; i < size; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

// Empty when the certificate is strong enough, else what is wrong with it.
std::string weakness(X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (!key) return "its public key cannot be read";
  if (EVP_PKEY_get_security_bits(key) < kMinimumSecurityBits) {
    return "its key of " + std::to_string(EVP_PKEY_get_bits(key)) + " bits is too short (RSA needs 2048, EC 224)";
  }
  int signature_bits = -1;
  if (!(X509_get_extension_flags(certificate) & EXFLAG_SS) &&
      X509_get_signature_info(certificate, nullptr, nullptr, &signature_bits, nullptr) == 1 && signature_bits >= 0 &&
      signature_bits < kMinimumSecurityBits) {
    return "its signature algorithm is too weak (SHA-256 or better is needed)";
  }
  return {};
}

// The key as one of the kind that its certificate has; empty if it is none such. OpenSSL tries every kind it knows
// when it is not told which one to expect, which takes four times as long, and a cluster has thousands of keys.
PkeyPtr read_key_of_kind(std::string_view key_pem, int kind) {
  BioPtr bio = memory_bio(key_pem);
  unsigned char* bytes = nullptr;
  long length = 0;  // NOLINT(google-runtime-int): OpenSSL's type
  char* label = nullptr;
  if (PEM_bytes_read_bio(&bytes, &length, &label, PEM_STRING_EVP_PKEY, bio.get(), no_password, nullptr) != 1) return {};
  OpensslText<char> label_owner(label);
  const auto wipe = [length](unsigned char* text) { OPENSSL_clear_free(text, static_cast<std::size_t>(length)); };
  const std::unique_ptr<unsigned char, decltype(wipe)> owner(bytes, wipe);
  const unsigned char* at = bytes;
  return PkeyPtr(d2i_PrivateKey(kind, nullptr, &at, length));
}

base::Result<PkeyPtr> load_key(std::string_view key_pem, int expected_kind) {
  if (key_pem.find("PRIVATE KEY") == std::string_view::npos) return base::fail("tls.key holds no PEM private key");
  if (key_pem.find("ENCRYPTED") != std::string_view::npos) {
    return base::fail("tls.key is encrypted; store the private key without a passphrase");
  }
  PkeyPtr key = read_key_of_kind(key_pem, expected_kind);
  if (!key) {  // damaged, or of another kind: the general reader tells
    BioPtr bio = memory_bio(key_pem);
    key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  }
  if (!key) return base::fail("tls.key holds a damaged private key");
  if (key_algorithm_of(key.get()).empty()) {
    return base::fail("tls.key holds a private key of an unsupported kind; use RSA, EC or Ed25519");
  }
  return key;
}

}  // namespace

std::string key_algorithm_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return "RSA";
    case EVP_PKEY_EC:
      return "ECDSA";
    case EVP_PKEY_ED25519:
      return "Ed25519";
    case EVP_PKEY_ED448:
      return "Ed448";
    default:
      return {};
  }
}

OpensslCertificate::OpensslCertificate(X509Ptr leaf, X509StackPtr chain, PkeyPtr key)
    : leaf_(std::move(leaf)),
      chain_(std::move(chain)),
      key_(std::move(key)),
      names_(names_of(leaf_.get())),
      not_after_(seconds_of(X509_get0_notAfter(leaf_.get()))),
      serial_(decimal(X509_get0_serialNumber(leaf_.get()))),
      issuer_organization_(entry_of(X509_get_issuer_name(leaf_.get()), NID_organizationName)),
      issuer_common_name_(entry_of(X509_get_issuer_name(leaf_.get()), NID_commonName)),
      key_algorithm_(key_algorithm_of(key_.get())),
      fingerprint_(sha1_hex(leaf_.get())) {}

bool OpensslCertificate::covers(std::string_view host) const {
  std::string wanted = base::to_lower(host);
  if (!wanted.empty() && wanted.back() == '.') wanted.pop_back();
  if (wanted.empty()) return false;
  const std::size_t dot = wanted.find('.');
  for (const std::string& name : names_) {
    if (name == wanted) return true;
    if (dot == std::string::npos || dot == 0 || name.size() < 3 || name[0] != '*' || name[1] != '.') continue;
    if (std::string_view(name).substr(1) == std::string_view(wanted).substr(dot)) return true;
  }
  return false;
}

base::Result<CertificatePtr> load_certificate(std::string_view chain_pem, std::string_view key_pem) {
  ErrorQueueGuard guard;
  if (chain_pem.empty()) return base::fail("tls.crt is empty");
  if (key_pem.empty()) return base::fail("tls.key is empty");
  if (chain_pem.size() > INT_MAX || key_pem.size() > INT_MAX) return base::fail("tls.crt or tls.key is too large");

  BioPtr bio = memory_bio(chain_pem);
  X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
  if (!leaf) {
    const bool none = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    return base::fail(none ? "tls.crt holds no PEM certificate"
                           : "certificate 1 of tls.crt is damaged" + reason_text());
  }
  X509StackPtr chain(sk_X509_new_null());
  int position = 1;
  for (;;) {
    ++position;
    X509Ptr next(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    if (!next) {
      if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) break;
      return base::fail("certificate " + std::to_string(position) + " of tls.crt is damaged" + reason_text());
    }
    if (position > kMaximumChain) {
      return base::fail("tls.crt holds more than " + std::to_string(kMaximumChain) + " certificates");
    }
    if (std::string problem = weakness(next.get()); !problem.empty()) {
      return base::fail("certificate " + std::to_string(position) + " of tls.crt is refused: " + problem);
    }
    if (sk_X509_push(chain.get(), next.get()) > 0) (void)next.release();  // owned by the stack now
  }
  ERR_clear_error();

  const EVP_PKEY* public_key = X509_get0_pubkey(leaf.get());
  auto key = load_key(key_pem, public_key ? EVP_PKEY_get_base_id(public_key) : EVP_PKEY_NONE);
  if (!key) return key.error();
  if (X509_check_private_key(leaf.get(), key->get()) != 1) {
    return base::fail("tls.key does not belong to the first certificate of tls.crt (the leaf must come first)");
  }
  if (std::string problem = weakness(leaf.get()); !problem.empty()) {
    return base::fail("certificate 1 of tls.crt is refused: " + problem);
  }
  return CertificatePtr(std::make_shared<OpensslCertificate>(std::move(leaf), std::move(chain), std::move(*key)));
}

}  // namespace weir::tls
