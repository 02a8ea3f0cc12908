// Resource: a kind as the API server serves it, and the part of it that is watched. Values.
#pragma once

#include <string>

namespace weir::watch {

struct Resource {
  const char* kind;         // of the objects
  const char* api_version;  // of the objects
  const char* prefix;       // "/apis/networking.k8s.io/v1"
  const char* plural;       // "ingresses"
  bool namespaced = true;
};

inline constexpr Resource kIngresses{"Ingress", "networking.k8s.io/v1", "/apis/networking.k8s.io/v1", "ingresses"};
inline constexpr Resource kIngressClasses{"IngressClass", "networking.k8s.io/v1", "/apis/networking.k8s.io/v1",
                                          "ingressclasses", false};
inline constexpr Resource kServices{"Service", "v1", "/api/v1", "services"};
inline constexpr Resource kEndpointSlices{"EndpointSlice", "discovery.k8s.io/v1", "/apis/discovery.k8s.io/v1",
                                          "endpointslices"};
inline constexpr Resource kEndpoints{"Endpoints", "v1", "/api/v1", "endpoints"};
inline constexpr Resource kSecrets{"Secret", "v1", "/api/v1", "secrets"};
inline constexpr Resource kConfigMaps{"ConfigMap", "v1", "/api/v1", "configmaps"};
inline constexpr Resource kNamespaces{"Namespace", "v1", "/api/v1", "namespaces", false};
inline constexpr Resource kPods{"Pod", "v1", "/api/v1", "pods"};
inline constexpr Resource kNodes{"Node", "v1", "/api/v1", "nodes", false};

struct Scope {
  std::string ns;              // empty: all
  std::string field_selector;  // "metadata.name=web"
  std::string label_selector;

  auto operator<=>(const Scope&) const = default;
};

// "/api/v1/namespaces/default/services"
std::string path_of(const Resource& resource, const Scope& scope);
// "&fieldSelector=metadata.name%3Dweb"; empty without selectors.
std::string selectors_of(const Scope& scope);
// For log and messages: "Services", "Services in default".
std::string to_string(const Resource& resource, const Scope& scope);
std::string percent_encoded(const std::string& text);

}  // namespace weir::watch
