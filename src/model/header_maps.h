// ConfigMaps that hold headers: those of custom-headers and auth-proxy-set-headers (per Ingress), add-headers and
// proxy-set-headers (global) (spec 4.8). They are read at every build, so that a change of the ConfigMap alone takes
// effect. Pure.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/features/settings.h"
#include "weir/kube/changes.h"
#include "weir/kube/cluster_state.h"
#include "weir/model/accept.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir::model {

// The settings with the fields of add-headers and proxy-set-headers; the same object when they name nothing.
std::shared_ptr<const features::Settings> with_header_maps(std::shared_ptr<const features::Settings> settings,
                                                           const kube::ClusterState& state,
                                                           base::Diagnostics& diagnostics);

// May a change of ConfigMaps have changed any of these headers?
bool touches_header_maps(const AcceptedSet& accepted, const kube::Changes& changes);

// custom-headers and auth-proxy-set-headers. One build. What it refers to outlives it.
class IngressHeaders {
 public:
  IngressHeaders(const kube::ClusterState& state, const features::Settings& settings, base::Diagnostics& diagnostics)
      : state_(state), settings_(settings), diagnostics_(diagnostics) {}

  // Fills the fields of the ConfigMaps in. One that cannot be used closes the paths: "custom-headers-invalid",
  // "auth-proxy-set-headers-invalid". Told once per Ingress.
  void apply(const AcceptedIngress& ingress, features::Policies& policies);

 private:
  struct Resolved {
    std::vector<features::HeaderField> custom;
    std::vector<features::HeaderText> of_auth;
    std::string denied;  // reason; empty: not
  };
  Resolved resolve(const AcceptedIngress& ingress);
  // Reads the ConfigMap that the annotation names: `read` is called with its data.
  template <class Read>
  auto read_map(const AcceptedIngress& ingress, const char* annotation, const std::string& map, Read read,
                std::string& denied) -> decltype(read({}).fields);

  const kube::ClusterState& state_;
  const features::Settings& settings_;
  base::Diagnostics& diagnostics_;
  std::map<const AcceptedIngress*, Resolved> resolved_;
};

}  // namespace weir::model
