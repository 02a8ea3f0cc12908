// A server certificate with its key, parsed from PEM once. Immutable; shared by snapshots; any thread.
// The key exists only as EVP_PKEY; PEM text is not kept. OpenSSL types stay in src/tls.
#pragma once

#include "weir/base/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::tls {

class Certificate {
 public:
  virtual ~Certificate() = default;

  // SAN DNS names in lower case; the CN only if there is no DNS SAN (spec 2.9).
  virtual const std::vector<std::string>& names() const = 0;
  // A wildcard covers one label; case-insensitive.
  virtual bool covers(std::string_view host) const = 0;
  virtual std::int64_t not_after() const = 0;     // seconds since 1970
  virtual const std::string& serial() const = 0;  // decimal
  virtual const std::string& issuer_organization() const = 0;
  virtual const std::string& issuer_common_name() const = 0;
  virtual const std::string& key_algorithm() const = 0;  // "RSA", "ECDSA", "Ed25519"
  // SHA-1 of the certificate in hex (the original's identifier material).
  virtual const std::string& fingerprint() const = 0;
};
using CertificatePtr = std::shared_ptr<const Certificate>;

// `chain_pem`: leaf first. Errors say what is wrong without quoting any key material.
base::Result<CertificatePtr> load_certificate(std::string_view chain_pem, std::string_view key_pem);

// RSA 2048, 365 days, O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate, SAN ingress.local (spec 2.9).
CertificatePtr generate_fake_certificate();

}  // namespace weir::tls
