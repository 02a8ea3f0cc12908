// TlsSecrets: the Secrets that proxy-ssl-secret and auth-tls-secret name, read into policies as text (spec 1.2, 1.6).
// What cannot be honoured closes. Pure; used while one host is merged.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/features/policies.h"
#include "weir/kube/cluster_state.h"
#include "weir/model/accept.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir::model {

// The Secrets that an Ingress names for TLS beside its own certificates.
std::vector<kube::ObjectName> tls_secrets(const AcceptedIngress& ingress);

// One merge of a host. What it refers to outlives it.
class TlsSecrets {
 public:
  TlsSecrets(const kube::ClusterState& state, const features::Settings& settings, base::Diagnostics& diagnostics)
      : state_(state), settings_(settings), diagnostics_(diagnostics) {}

  // Fills `proxy_ssl.material` in, or denies with the reason proxy-ssl-secret-foreign, -missing or -broken. Told once
  // per host.
  void apply(const AcceptedIngress& ingress, features::Policies& policies);
  // Its auth-tls-*, with the Secret or with what every request is answered with instead: 403 with the reason
  // auth-tls-secret-invalid, -foreign or -missing (spec 1.2), 503 with auth-tls-secret-broken (spec 10.46). REQUIRES:
  // auth-tls-secret is there. Call it once per host.
  features::AuthTlsPolicy client_auth(const AcceptedIngress& ingress);

 private:
  struct Resolved {
    std::shared_ptr<const features::TlsMaterial> material;
    std::string problem;  // reason; empty: none
  };
  Resolved resolve_upstream(const AcceptedIngress& ingress);
  Resolved refuse(const AcceptedIngress& ingress, const char* reason, const std::string& text);

  const kube::ClusterState& state_;
  const features::Settings& settings_;
  base::Diagnostics& diagnostics_;
  std::map<const AcceptedIngress*, Resolved> upstream_;
};

}  // namespace weir::model
