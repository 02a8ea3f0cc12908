// What rules of an Ingress mean, before they are merged. Values.
#pragma once

#include "weir/kube/objects.h"

namespace weir::model {

// Spec 2.1: nil and ImplementationSpecific become Prefix before anything else.
inline kube::PathType effective_type(const kube::IngressPath& path) {
  return path.type == kube::PathType::exact ? kube::PathType::exact : kube::PathType::prefix;
}

inline bool names_service(const kube::IngressBackend& backend) {
  return !backend.is_resource && !backend.service.empty();
}

// nullptr: none, or not a Service.
inline const kube::IngressBackend* default_backend_of(const kube::Ingress& ingress) {
  const auto& backend = ingress.default_backend;
  return backend && names_service(*backend) ? &*backend : nullptr;
}

}  // namespace weir::model
