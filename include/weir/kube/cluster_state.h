// ClusterState: all objects of one moment, as values (life-of-an-object, step 2). Freezing it is copying maps of
// pointers, not objects. Written by the control thread only; copies may go anywhere.
#pragma once

#include "weir/kube/objects.h"

#include <map>
#include <memory>
#include <string>

namespace weir::kube {

template <class T>
using Objects = std::map<ObjectName, std::shared_ptr<const T>>;

// Where an object was read, for diagnostics. Empty when it came from an API server.
struct Origin {
  std::string file;
  int line = 0;
};

struct ClusterState {
  Objects<Ingress> ingresses;
  Objects<IngressClass> ingress_classes;
  Objects<Service> services;
  Objects<EndpointSlice> endpoint_slices;
  Objects<Secret> secrets;
  Objects<ConfigMap> config_maps;
  // Sources of addresses for the status of Ingresses; nothing that is served depends on them.
  Objects<Pod> pods;
  Objects<Node> nodes;
  // Ingress name -> where it was read; only filled by file sources.
  std::map<ObjectName, Origin> ingress_origins;

  template <class T>
  Objects<T>& of();
  template <class T>
  const Objects<T>& of() const {
    return const_cast<ClusterState*>(this)->of<T>();
  }
  template <class T>
  std::shared_ptr<const T> find(const ObjectName& name) const {
    const auto& objects = of<T>();
    auto it = objects.find(name);
    return it == objects.end() ? nullptr : it->second;
  }
};

template <>
inline Objects<Ingress>& ClusterState::of<Ingress>() {
  return ingresses;
}
template <>
inline Objects<IngressClass>& ClusterState::of<IngressClass>() {
  return ingress_classes;
}
template <>
inline Objects<Service>& ClusterState::of<Service>() {
  return services;
}
template <>
inline Objects<EndpointSlice>& ClusterState::of<EndpointSlice>() {
  return endpoint_slices;
}
template <>
inline Objects<Secret>& ClusterState::of<Secret>() {
  return secrets;
}
template <>
inline Objects<ConfigMap>& ClusterState::of<ConfigMap>() {
  return config_maps;
}
template <>
inline Objects<Pod>& ClusterState::of<Pod>() {
  return pods;
}
template <>
inline Objects<Node>& ClusterState::of<Node>() {
  return nodes;
}

}  // namespace weir::kube
