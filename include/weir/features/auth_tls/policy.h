// Certificates of clients (spec 1.2, auth-tls-*; 4.3): a setting of the whole host, which the model merges from its
// Ingresses. Compiled into a tls::ClientVerification by route/host_tls.cc; decided on by features/auth_tls/filter.cc.
#pragma once

#include "weir/features/tls_material.h"

#include <cstdint>
#include <memory>
#include <string>

namespace weir::features {

enum class ClientVerify : std::uint8_t { on, off, optional, optional_no_ca };

struct AuthTlsPolicy {
  std::string secret;  // `namespace/name`; empty: clients are not asked
  ClientVerify verify = ClientVerify::on;
  int verify_depth = 1;                         // certificates between leaf and root
  std::string error_page;                       // instead of 400: a URL, or a path of the host
  bool pass_certificate = false;                // ssl-client-cert to the upstream
  std::string match_cn;                         // expression that the subject must match; empty: any
  std::shared_ptr<const TlsMaterial> material;  // of the Secret; null: not resolved
  // The settings cannot be honoured: every request to the host is answered with this. 0: they can.
  int refuse_status = 0;
  std::string refuse_reason;

  bool operator==(const AuthTlsPolicy& other) const {
    return secret == other.secret && verify == other.verify && verify_depth == other.verify_depth &&
           error_page == other.error_page && pass_certificate == other.pass_certificate && match_cn == other.match_cn &&
           refuse_status == other.refuse_status && refuse_reason == other.refuse_reason &&
           (material == other.material || (material && other.material && *material == *other.material));
  }
};

}  // namespace weir::features
