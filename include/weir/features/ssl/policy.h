// TLS of a host towards clients (spec 1.7): the model takes the first Ingress of the host that sets it. Compiled by
// route/host_tls.cc.
#pragma once

#include <optional>
#include <string>

namespace weir::features {

struct SslPolicy {
  std::string ciphers;                        // TLS 1.2; empty: the ConfigMap's
  std::optional<bool> prefer_server_ciphers;  // nullopt: unset, which is on
  bool passthrough = false;                   // TLS is the endpoint's (spec 4.13): model/passthrough.cc

  bool operator==(const SslPolicy&) const = default;
};

}  // namespace weir::features
