// ServerContext: the process-wide TLS settings and session cache of the listeners. It outlives table swaps; which
// certificate a handshake gets is decided by the CertificateFinder that the connection brings along.
//
// Thread rule: created and replaced by the control thread, used by all workers (OpenSSL locks its session cache during
// handshakes only). Lifetime: shared_ptr, kept by the snapshot.
#pragma once

#include "weir/base/result.h"
#include "weir/features/settings.h"
#include "weir/tls/certificate.h"
#include "weir/tls/host_tls.h"

#include <memory>
#include <string_view>

typedef struct ssl_st SSL;

namespace weir::tls {

// Chooses by SNI: lower case, without trailing dot; empty when the client sent none. nullptr: refuse the handshake.
class CertificateFinder {
 public:
  virtual ~CertificateFinder() = default;
  virtual const Certificate* find_certificate(std::string_view sni) const = 0;
  // What the host of that name wants beside its certificate; nullptr: nothing.
  virtual const HostTls* find_host_tls(std::string_view) const { return nullptr; }
};

class ServerContext {
 public:
  virtual ~ServerContext() = default;
  // A new server-side SSL; the caller sets its BIO and frees it with SSL_free. nullptr: out of memory. `finder` must
  // stay alive until the handshake ended (a HelloRetryRequest brings a second ClientHello). The SSL may outlive the
  // context.
  virtual SSL* new_ssl(const CertificateFinder& finder) const = 0;
};
using ServerContextPtr = std::shared_ptr<const ServerContext>;

// Settings used: use_http2 (ALPN), ssl_protocols, ssl_ciphers, ssl_ecdh_curve, ssl_session_*. For a bad value the
// error's text starts with the ConfigMap key and a colon. `previous` hands its session cache and ticket keys on when
// the session settings did not change.
base::Result<ServerContextPtr> make_server_context(const features::Settings& settings,
                                                   const ServerContextPtr& previous = nullptr);

}  // namespace weir::tls
