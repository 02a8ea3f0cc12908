#include "model/tls_secrets.h"

#include "model/report.h"

#include <utility>

namespace weir::model {
namespace {

using base::Severity;

constexpr const char* kUpstreamKey = "proxy-ssl-secret";
constexpr const char* kClientKey = "auth-tls-secret";

bool is_reference(const std::string& written) {
  const std::size_t slash = written.find('/');
  return slash != std::string::npos && slash != 0 && slash + 1 < written.size() &&
         written.find('/', slash + 1) == std::string::npos;
}

// REQUIRES: `namespace/name`, as the annotation's check says.
kube::ObjectName name_of_reference(const std::string& written) {
  const std::size_t slash = written.find('/');
  return {written.substr(0, slash), written.substr(slash + 1)};
}

std::string text_in(const kube::Secret& secret, const char* key) {
  const auto found = secret.data.find(key);
  return found == secret.data.end() ? std::string() : found->second;
}

features::TlsMaterial material_of(const kube::Secret& secret) {
  return {text_in(secret, "tls.crt"), text_in(secret, "tls.key"), text_in(secret, "ca.crt"), text_in(secret, "ca.crl")};
}

}  // namespace

std::vector<kube::ObjectName> tls_secrets(const AcceptedIngress& ingress) {
  std::vector<kube::ObjectName> names;
  const std::string& upstream = ingress.policies.proxy_ssl.secret;
  if (!upstream.empty()) names.push_back(name_of_reference(upstream));
  const std::string& clients = ingress.policies.auth_tls.secret;
  if (is_reference(clients)) names.push_back(name_of_reference(clients));
  return names;
}

features::AuthTlsPolicy TlsSecrets::client_auth(const AcceptedIngress& ingress) {
  features::AuthTlsPolicy policy = ingress.policies.auth_tls;
  const auto close_host = [&](int status, const char* reason, const std::string& text) {
    diagnostics_.push_back(diagnostic(
        Severity::warning, "annotation-denies", ingress, kClientKey,
        text + "; every request to the host is answered with " + std::to_string(status) + " (" + reason + ")"));
    policy.refuse_status = status;
    policy.refuse_reason = reason;
    return policy;
  };
  if (!is_reference(policy.secret)) {
    return close_host(403, "auth-tls-secret-invalid", "\"" + policy.secret + "\" is not `namespace/name`");
  }
  const kube::ObjectName name = name_of_reference(policy.secret);
  const std::string secret_text = "Secret " + kube::to_string(name);
  if (name.ns != ingress.object->meta.ns && !settings_.allow_cross_namespace) {
    return close_host(403, "auth-tls-secret-foreign",
                      secret_text + " is in another namespace, and allow-cross-namespace-resources is not true");
  }
  const auto secret = state_.find<kube::Secret>(name);
  if (!secret) return close_host(403, "auth-tls-secret-missing", secret_text + " does not exist");
  features::TlsMaterial material = material_of(*secret);
  material.certificate.clear();  // the Secret may be that of the host's own certificate
  material.key.clear();
  if (material.ca.empty()) return close_host(503, "auth-tls-secret-broken", secret_text + " has no `ca.crt`");
  policy.material = std::make_shared<const features::TlsMaterial>(std::move(material));
  return policy;
}

void TlsSecrets::apply(const AcceptedIngress& ingress, features::Policies& policies) {
  if (policies.proxy_ssl.secret.empty() || policies.deny.denied()) return;
  auto found = upstream_.find(&ingress);
  if (found == upstream_.end()) found = upstream_.emplace(&ingress, resolve_upstream(ingress)).first;
  policies.proxy_ssl.material = found->second.material;
  policies.deny.reason = found->second.problem;
}

TlsSecrets::Resolved TlsSecrets::refuse(const AcceptedIngress& ingress, const char* reason, const std::string& text) {
  diagnostics_.push_back(diagnostic(Severity::warning, "annotation-denies", ingress, kUpstreamKey,
                                    text + "; all paths of the object answer 503 (" + reason + ")"));
  return {nullptr, reason};
}

TlsSecrets::Resolved TlsSecrets::resolve_upstream(const AcceptedIngress& ingress) {
  const features::ProxySslPolicy& policy = ingress.policies.proxy_ssl;
  const kube::ObjectName name = name_of_reference(policy.secret);
  const std::string secret_text = "Secret " + kube::to_string(name);
  if (name.ns != ingress.object->meta.ns && !settings_.allow_cross_namespace) {
    return refuse(ingress, "proxy-ssl-secret-foreign",
                  secret_text + " is in another namespace, and allow-cross-namespace-resources is not true");
  }
  const auto secret = state_.find<kube::Secret>(name);
  if (!secret) return refuse(ingress, "proxy-ssl-secret-missing", secret_text + " does not exist");
  features::TlsMaterial material = material_of(*secret);
  material.crl.clear();  // of client certificates only (spec 4.3)
  if (material.certificate.empty() != material.key.empty()) {
    return refuse(ingress, "proxy-ssl-secret-broken", secret_text + " has only one of `tls.crt` and `tls.key`");
  }
  if (material.certificate.empty() && material.ca.empty()) {
    return refuse(ingress, "proxy-ssl-secret-broken", secret_text + " has neither `tls.crt` nor `ca.crt`");
  }
  if (policy.verify && material.ca.empty()) {
    return refuse(ingress, "proxy-ssl-secret-broken",
                  secret_text + " has no `ca.crt` to verify the endpoints with (proxy-ssl-verify)");
  }
  return {std::make_shared<const features::TlsMaterial>(std::move(material)), {}};
}

}  // namespace weir::model
