// Trusted certificates from PEM text, with revocation lists. Only src/tls includes this file.
#pragma once

#include "weir/base/result.h"

#include "tls/openssl_ptr.h"

#include <string_view>

namespace weir::tls {

struct TrustStore {
  X509StorePtr store;
  X509NamesPtr names;  // subjects of the certificates, for the list that clients are told
};

// `ca_pem`: one or more certificates. `crl_pem`: empty, or lists for every certificate of a chain (spec 4.3); then
// what has no list is not trusted. Errors quote nothing of the text.
base::Result<TrustStore> load_trust_store(std::string_view ca_pem, std::string_view crl_pem);

// The authorities that the machine trusts (OpenSSL's default file and folder, SSL_CERT_FILE and SSL_CERT_DIR). Read
// once, when first asked for, because parsing a bundle takes 15 ms; shared by contexts, which count references.
// Empty where the machine has none. nullptr: out of memory. Any thread.
X509_STORE* machine_authorities();

}  // namespace weir::tls
