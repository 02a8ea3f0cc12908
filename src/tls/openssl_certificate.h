// The one implementation of Certificate: OpenSSL objects plus the texts read from them once.
#pragma once

#include "weir/tls/certificate.h"

#include "tls/openssl_ptr.h"

namespace weir::tls {

class OpensslCertificate final : public Certificate {
 public:
  // REQUIRES: `leaf` and `key` are set and belong together. `chain` holds the intermediates and may be null.
  OpensslCertificate(X509Ptr leaf, X509StackPtr chain, PkeyPtr key);

  const std::vector<std::string>& names() const override { return names_; }
  bool covers(std::string_view host) const override;
  std::int64_t not_after() const override { return not_after_; }
  const std::string& serial() const override { return serial_; }
  const std::string& issuer_organization() const override { return issuer_organization_; }
  const std::string& issuer_common_name() const override { return issuer_common_name_; }
  const std::string& key_algorithm() const override { return key_algorithm_; }
  const std::string& fingerprint() const override { return fingerprint_; }

  X509* leaf() const { return leaf_.get(); }
  STACK_OF(X509) * chain() const { return chain_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

 private:
  X509Ptr leaf_;
  X509StackPtr chain_;
  PkeyPtr key_;
  std::vector<std::string> names_;
  std::int64_t not_after_ = 0;
  std::string serial_;
  std::string issuer_organization_;
  std::string issuer_common_name_;
  std::string key_algorithm_;
  std::string fingerprint_;
};

// "RSA", "ECDSA", "Ed25519", "Ed448"; empty for a kind of key that TLS does not use here.
std::string key_algorithm_of(const EVP_PKEY* key);

}  // namespace weir::tls
