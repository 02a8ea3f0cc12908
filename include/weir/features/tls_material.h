// What a Secret holds for TLS beside a served certificate: as written, not parsed. Filled in by model/tls_secrets.cc,
// parsed where the contexts are made (weir/tls). Holds a private key: never printed, never logged. Values; any thread.
#pragma once

#include <string>

namespace weir::features {

struct TlsMaterial {
  std::string certificate;  // PEM of tls.crt, leaf first; empty: none
  std::string key;          // PEM of tls.key
  std::string ca;           // PEM of ca.crt
  std::string crl;          // PEM of ca.crl

  bool operator==(const TlsMaterial&) const = default;
};

}  // namespace weir::features
