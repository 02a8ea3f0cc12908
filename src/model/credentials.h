// Credentials: the Secrets that basic and digest authentication name, read into policies (spec 4.2). What cannot be
// honoured closes the paths. Pure; used while one host is merged.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/features/policies.h"
#include "weir/kube/cluster_state.h"
#include "weir/model/accept.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weir::model {

// The Secret with the credentials of an Ingress; nullopt: it asks for none.
std::optional<kube::ObjectName> credentials_secret(const AcceptedIngress& ingress);

// One merge of a host. What it refers to outlives it.
class Credentials {
 public:
  Credentials(const kube::ClusterState& state, const features::Settings& settings, base::Diagnostics& diagnostics)
      : state_(state), settings_(settings), diagnostics_(diagnostics) {}

  // Fills `auth.users` in for the rule path, or denies with the reason auth-secret-foreign, auth-secret-missing or
  // auth-secret-broken. Told once per host. On paths of no-auth-locations both are off.
  void apply(const AcceptedIngress& ingress, std::string_view path, features::Policies& policies);

 private:
  struct Resolved {
    std::shared_ptr<const features::Users> users;
    std::string problem;  // reason; empty: none
  };
  Resolved resolve(const AcceptedIngress& ingress);
  Resolved refuse(const AcceptedIngress& ingress, const char* reason, const std::string& text);

  const kube::ClusterState& state_;
  const features::Settings& settings_;
  base::Diagnostics& diagnostics_;
  std::map<const AcceptedIngress*, Resolved> resolved_;
};

}  // namespace weir::model
