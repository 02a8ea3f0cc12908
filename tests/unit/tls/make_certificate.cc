#include "unit/tls/make_certificate.h"

#include "tls/openssl_ptr.h"

#include <openssl/pem.h>

#include <stdexcept>

namespace weir::test {
namespace {

void require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL refused to make a test certificate");
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

tls::PkeyPtr make_key(const std::string& kind) {
  if (kind == "RSA") return tls::PkeyPtr(EVP_RSA_gen(2048));
  if (kind == "RSA1024") return tls::PkeyPtr(EVP_RSA_gen(1024));
  if (kind == "ED25519") return tls::PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return tls::PkeyPtr(EVP_EC_gen("P-256"));
}

}  // namespace

PemPair make_certificate(const CertificateSpec& spec) {
  tls::PkeyPtr key = make_key(spec.key);
  tls::X509Ptr certificate(X509_new());
  require(key && certificate);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 4711);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), spec.seconds_valid);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const std::pair<const char*, std::string> entries[] = {{"O", "Test Org"}, {"CN", spec.common_name}};
  for (const auto& [field, value] : entries) {
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                               static_cast<int>(value.size()), -1, 0);
  }
  X509_set_issuer_name(certificate.get(), name);
  X509_set_pubkey(certificate.get(), key.get());
  if (!spec.names.empty()) {
    tls::GeneralNamesPtr names(GENERAL_NAMES_new());
    for (const std::string& dns : spec.names) {
      ASN1_IA5STRING* value = ASN1_IA5STRING_new();
      ASN1_STRING_set(value, dns.data(), static_cast<int>(dns.size()));
      GENERAL_NAME* entry = GENERAL_NAME_new();
      GENERAL_NAME_set0_value(entry, GEN_DNS, value);
      sk_GENERAL_NAME_push(names.get(), entry);
    }
    X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names.get(), 0, 0);
  }
  require(X509_sign(certificate.get(), key.get(), spec.key == "ED25519" ? nullptr : EVP_sha256()) > 0);

  PemPair pair;
  tls::BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(bio.get(), certificate.get()) == 1);
  pair.certificate = text_of(bio.get());
  bio.reset(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  pair.key = text_of(bio.get());
  return pair;
}

std::string encrypted(const std::string& key_pem) {
  tls::BioPtr in(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  tls::PkeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  require(key != nullptr);
  tls::BioPtr out(BIO_new(BIO_s_mem()));
  char password[] = "secret";
  require(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_128_cbc(), password, 6, nullptr, nullptr) == 1);
  return text_of(out.get());
}

}  // namespace weir::test
