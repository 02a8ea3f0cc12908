// TLS to the endpoints (spec 1.6, proxy-ssl-*; 4.10). Compiled into a tls::ClientContext by route/policy_pool.cc, used
// by upstream/exchange.cc. Without a Secret none of it counts: nothing is verified and no name is sent.
#pragma once

#include "weir/features/tls_material.h"

#include <memory>
#include <string>

namespace weir::features {

struct ProxySslPolicy {
  std::string secret;               // `namespace/name`; empty: none
  std::string ciphers = "DEFAULT";  // OpenSSL cipher string, TLS 1.2
  bool tls12 = true;                // protocol versions allowed
  bool tls13 = false;
  std::string name;  // for verification and SNI; empty: that of the original's upstream, which no certificate has
  bool verify = false;
  int verify_depth = 1;  // certificates between leaf and root
  bool server_name = false;
  std::shared_ptr<const TlsMaterial> material;  // of the Secret; null: none is named

  bool operator==(const ProxySslPolicy& other) const {
    return secret == other.secret && ciphers == other.ciphers && tls12 == other.tls12 && tls13 == other.tls13 &&
           name == other.name && verify == other.verify && verify_depth == other.verify_depth &&
           server_name == other.server_name &&
           (material == other.material || (material && other.material && *material == *other.material));
  }
};

}  // namespace weir::features
