// The one implementation of HostTls, and how a handshake gets it. Only src/tls includes this file.
#pragma once

#include "weir/tls/host_tls.h"

#include "tls/trust_store.h"

#include <string>
#include <string_view>

namespace weir::tls {

class OpensslHostTls final : public HostTls {
 public:
  OpensslHostTls(const features::AuthTlsPolicy& clients, features::SslPolicy ssl, TrustStore trusted);

  const std::string& digest() const override { return digest_; }
  bool asks_clients() const override { return trusted_.store != nullptr; }
  // In the ClientHello callback, before anything was decided. false: out of memory.
  bool apply(SSL* ssl) const;

 private:
  std::string digest_;
  TrustStore trusted_;  // empty: clients are not asked
  int depth_;
  features::SslPolicy ssl_;
};

// Remembers for read_client() what applied to the handshake.
bool remember_host_tls(SSL* ssl, const OpensslHostTls& settings);

}  // namespace weir::tls
