// Self-signed certificates for tests, made in the process.
#pragma once

#include <string>
#include <vector>

namespace weir::test {

struct CertificateSpec {
  std::string key = "EC";  // "EC", "RSA", "RSA1024", "ED25519"
  std::string common_name = "test";
  std::vector<std::string> names;  // DNS SAN entries; none: no SAN extension
  long seconds_valid = 90L * 24 * 3600;
};

struct PemPair {
  std::string certificate;
  std::string key;
};

PemPair make_certificate(const CertificateSpec& spec);
inline PemPair certificate_for(std::vector<std::string> names) {
  CertificateSpec spec;
  spec.names = std::move(names);
  return make_certificate(spec);
}

// The same key as a PEM text with a passphrase.
std::string encrypted(const std::string& key_pem);

}  // namespace weir::test
