// The self-signed stand-in for a missing default certificate, with the subject operators know from the original
// (spec 2.9).
#include "tls/openssl_certificate.h"

#include <openssl/err.h>
#include <openssl/rand.h>

namespace weir::tls {
namespace {

constexpr unsigned kKeyBits = 2048;
constexpr long kLifetimeSeconds = 365L * 24 * 60 * 60;
constexpr int kX509Version3 = 2;
constexpr int kSerialBits = 127;

bool add_entry(X509_NAME* name, const char* field, const char* value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, reinterpret_cast<const unsigned char*>(value), -1, -1,
                                    0) == 1;
}

bool add_extension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  BignumPtr number(BN_new());
  return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

}  // namespace

CertificatePtr generate_fake_certificate() {
  PkeyPtr key(EVP_RSA_gen(kKeyBits));
  X509Ptr certificate(X509_new());
  bool ok = key && certificate && X509_set_version(certificate.get(), kX509Version3) == 1 &&
            set_serial(certificate.get()) && X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0) &&
            X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kLifetimeSeconds);
  if (ok) {
    X509_NAME* name = X509_get_subject_name(certificate.get());
    ok = add_entry(name, "O", "Acme Co") && add_entry(name, "CN", "Kubernetes Ingress Controller Fake Certificate") &&
         X509_set_issuer_name(certificate.get(), name) == 1 && X509_set_pubkey(certificate.get(), key.get()) == 1 &&
         add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
         add_extension(certificate.get(), NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate.get(), NID_subject_alt_name, "DNS:ingress.local") &&
         X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
  }
  ERR_clear_error();
  if (!ok) return nullptr;
  return std::make_shared<OpensslCertificate>(std::move(certificate), X509StackPtr(sk_X509_new_null()), std::move(key));
}

}  // namespace weir::tls
