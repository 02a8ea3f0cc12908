#include "model/credentials.h"

#include "model/report.h"

#include <algorithm>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

constexpr const char* kKey = "auth-secret";
constexpr const char* kFile = "auth";  // key of an auth-file Secret

kube::ObjectName name_of(const std::string& written, const std::string& own_namespace) {
  const std::size_t slash = written.find('/');
  if (slash == std::string::npos) return {own_namespace, written};
  return {written.substr(0, slash), written.substr(slash + 1)};
}

}  // namespace

std::optional<kube::ObjectName> credentials_secret(const AcceptedIngress& ingress) {
  const features::AuthPolicy& auth = ingress.policies.auth;
  if (!auth.on() || auth.secret.empty()) return std::nullopt;
  return name_of(auth.secret, ingress.object->meta.ns);
}

void Credentials::apply(const AcceptedIngress& ingress, std::string_view path, features::Policies& policies) {
  if (!policies.auth.on() || policies.deny.denied()) return;
  const auto& open = settings_.no_auth_locations;
  if (std::any_of(open.begin(), open.end(), [path](const std::string& prefix) { return path.starts_with(prefix); })) {
    policies.auth = {};
    return;
  }
  auto found = resolved_.find(&ingress);
  if (found == resolved_.end()) found = resolved_.emplace(&ingress, resolve(ingress)).first;
  policies.auth.users = found->second.users;
  policies.deny.reason = found->second.problem;
}

Credentials::Resolved Credentials::refuse(const AcceptedIngress& ingress, const char* reason, const std::string& text) {
  diagnostics_.push_back(diagnostic(Severity::warning, "annotation-denies", ingress, kKey,
                                    text + "; all paths of the object answer 503 (" + reason + ")"));
  return {nullptr, reason};
}

Credentials::Resolved Credentials::resolve(const AcceptedIngress& ingress) {
  const features::AuthPolicy& auth = ingress.policies.auth;
  const std::string& own = ingress.object->meta.ns;
  const kube::ObjectName name = name_of(auth.secret, own);
  if (name.ns != own && !settings_.allow_cross_namespace) {
    return refuse(ingress, "auth-secret-foreign",
                  "Secret " + kube::to_string(name) +
                      " is in another namespace, and allow-cross-namespace-resources "
                      "is not true");
  }
  const auto secret = state_.find<kube::Secret>(name);
  if (!secret) return refuse(ingress, "auth-secret-missing", "Secret " + kube::to_string(name) + " does not exist");
  features::Users users;
  if (auth.map) {
    users = auth.digest ? features::read_digest_map(secret->data, auth.realm) : features::read_user_map(secret->data);
  } else {
    const auto file = secret->data.find(kFile);
    if (file == secret->data.end()) {
      return refuse(ingress, "auth-secret-broken", "Secret " + kube::to_string(name) + " has no key `auth`");
    }
    users = auth.digest ? features::read_htdigest(file->second, auth.realm) : features::read_htpasswd(file->second);
  }
  if (users.unusable != 0) {
    diagnostics_.push_back(
        diagnostic(Severity::warning, "credentials-unusable", ingress, kKey,
                   "Secret " + kube::to_string(name) + ": " + std::to_string(users.unusable) +
                       (auth.digest ? " of its entries are not `name:realm:hash` with an MD5 hash in hex"
                                    : " of its entries are not `name:hash` with a known kind of "
                                      "hash of bearable cost") +
                       "; nobody can log in with them"));
  }
  return {std::make_shared<const features::Users>(std::move(users)), {}};
}

}  // namespace weir::model
