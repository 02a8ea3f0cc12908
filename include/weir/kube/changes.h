// Changes: which objects of a ClusterState may be other than they were at an earlier moment, so that later stages look
// at those only. It may name too much (an object that is as it was), never too little. Values; any thread.
#pragma once

#include "weir/kube/objects.h"

#include <set>

namespace weir::kube {

struct Changes {
  // Nothing is known: any object may have changed, come or gone.
  bool everything = false;
  std::set<ObjectName> ingresses;  // also those that are now read from another place (ClusterState::ingress_origins)
  std::set<ObjectName> ingress_classes;
  std::set<ObjectName> services;
  std::set<ObjectName> endpoint_slices;
  std::set<ObjectName> secrets;
  std::set<ObjectName> config_maps;
  std::set<ObjectName> pods;
  std::set<ObjectName> nodes;

  static Changes all() {
    Changes changes;
    changes.everything = true;
    return changes;
  }

  template <class T>
  std::set<ObjectName>& of();
  template <class T>
  void note(const ObjectName& name) {
    of<T>().insert(name);
  }
  void merge(Changes other) {
    everything = everything || other.everything;
    ingresses.merge(other.ingresses);
    ingress_classes.merge(other.ingress_classes);
    services.merge(other.services);
    endpoint_slices.merge(other.endpoint_slices);
    secrets.merge(other.secrets);
    config_maps.merge(other.config_maps);
    pods.merge(other.pods);
    nodes.merge(other.nodes);
  }
};

template <>
inline std::set<ObjectName>& Changes::of<Ingress>() {
  return ingresses;
}
template <>
inline std::set<ObjectName>& Changes::of<IngressClass>() {
  return ingress_classes;
}
template <>
inline std::set<ObjectName>& Changes::of<Service>() {
  return services;
}
template <>
inline std::set<ObjectName>& Changes::of<EndpointSlice>() {
  return endpoint_slices;
}
template <>
inline std::set<ObjectName>& Changes::of<Secret>() {
  return secrets;
}
template <>
inline std::set<ObjectName>& Changes::of<ConfigMap>() {
  return config_maps;
}
template <>
inline std::set<ObjectName>& Changes::of<Pod>() {
  return pods;
}
template <>
inline std::set<ObjectName>& Changes::of<Node>() {
  return nodes;
}

}  // namespace weir::kube
