// HostTls: what a host wants of TLS beside its certificate: certificates of clients (spec 4.3) and ciphers (spec 1.7).
// ClientIdentity: what a client has shown in its handshake.
//
// Thread rule: made on the control thread, then read-only on any thread. Lifetime: shared_ptr, kept by the table; a
// ClientIdentity belongs to its connection.
#pragma once

#include "weir/base/result.h"
#include "weir/features/auth_tls/policy.h"
#include "weir/features/ssl/policy.h"

#include <memory>
#include <string>

typedef struct ssl_st SSL;

namespace weir::tls {

class HostTls {
 public:
  virtual ~HostTls() = default;
  // Over all of its settings. Sessions made under others are not resumed, and a connection made under others does not
  // count as verified. Not empty.
  virtual const std::string& digest() const = 0;
  virtual bool asks_clients() const = 0;
};
using HostTlsPtr = std::shared_ptr<const HostTls>;

// `clients`: without material, clients are not asked. The error's text starts with the annotation's key and a colon.
base::Result<HostTlsPtr> make_host_tls(const features::AuthTlsPolicy& clients, const features::SslPolicy& ssl);

struct ClientIdentity {
  std::string settings;         // HostTls::digest() of the handshake
  std::string server_name;      // SNI in lower case without a trailing dot; empty: none
  bool shown = false;           // the client has sent a certificate
  bool verified = false;        // its chain ends at the host's CA
  bool unknown_issuer = false;  // what optional_no_ca forgives: the chain does not end there
  std::string verify;           // SUCCESS, NONE or FAILED:reason
  std::string subject;          // RFC 2253
  std::string issuer;
  std::string serial;       // hex
  std::string fingerprint;  // SHA-1, hex
  std::string escaped_pem;  // of the certificate, for a header field
};

// After the handshake. null: the host of its server name asks nothing of clients.
std::unique_ptr<const ClientIdentity> read_client(const SSL* ssl);

}  // namespace weir::tls
