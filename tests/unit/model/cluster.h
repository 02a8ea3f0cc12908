// A small vocabulary for objects in model tests: Cluster().ingress(...).service(...). Everything lands in `state`.
#pragma once

#include "weir/kube/cluster_state.h"
#include "weir/model/accept.h"
#include "weir/model/build.h"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace weir::model {

inline constexpr const char* kPrefix = "nginx.ingress.kubernetes.io/";

// "web:80", "web:http"
inline kube::IngressBackend backend(const std::string& text) {
  kube::IngressBackend result;
  const auto colon = text.find(':');
  result.service = text.substr(0, colon);
  const std::string port = colon == std::string::npos ? "80" : text.substr(colon + 1);
  if (port.find_first_not_of("0123456789") == std::string::npos) {
    result.port.number = std::stoi(port);
  } else {
    result.port.name = port;
  }
  return result;
}

// One Ingress under construction; class nginx in namespace default unless said otherwise.
struct IngressBuilder {
  kube::Ingress object;

  explicit IngressBuilder(const std::string& name) {
    object.meta.ns = "default";
    object.meta.name = name;
    object.class_name = "nginx";
  }
  IngressBuilder& ns(const std::string& value) {
    object.meta.ns = value;
    return *this;
  }
  IngressBuilder& created(std::int64_t value) {
    object.meta.created = value;
    return *this;
  }
  IngressBuilder& class_name(std::optional<std::string> value) {
    object.class_name = std::move(value);
    return *this;
  }
  IngressBuilder& annotation(const std::string& key, const std::string& value) {
    object.meta.annotations[key.find('/') == std::string::npos ? kPrefix + key : key] = value;
    return *this;
  }
  IngressBuilder& path(const std::string& host, const std::string& path, const std::string& to,
                       std::optional<kube::PathType> type = kube::PathType::prefix) {
    kube::IngressRule rule;
    rule.host = host;
    rule.has_http = true;
    rule.paths.push_back({path, type, backend(to)});
    object.rules.push_back(std::move(rule));
    return *this;
  }
  IngressBuilder& exact(const std::string& host, const std::string& text, const std::string& to) {
    return path(host, text, to, kube::PathType::exact);
  }
  IngressBuilder& bare_host(const std::string& host) {
    object.rules.push_back({host, false, {}});
    return *this;
  }
  IngressBuilder& default_backend(const std::string& to) {
    object.default_backend = backend(to);
    return *this;
  }
  IngressBuilder& tls(std::vector<std::string> hosts, const std::string& secret) {
    object.tls.push_back({std::move(hosts), secret});
    return *this;
  }
};

inline IngressBuilder ing(const std::string& name) {
  return IngressBuilder(name);
}

struct Cluster {
  kube::ClusterState state;
  Options options;

  Cluster() {
    kube::IngressClass ours;
    ours.meta.name = "nginx";
    ours.controller = "k8s.io/ingress-nginx";
    state.ingress_classes[ours.meta.object_name()] = std::make_shared<kube::IngressClass>(ours);
  }

  Cluster& add(const IngressBuilder& builder) {
    state.ingresses[builder.object.meta.object_name()] = std::make_shared<kube::Ingress>(builder.object);
    return *this;
  }
  Cluster& add(kube::Service service) {
    if (service.meta.ns.empty()) service.meta.ns = "default";
    const kube::ObjectName name = service.meta.object_name();
    state.services[name] = std::make_shared<kube::Service>(std::move(service));
    return *this;
  }
  Cluster& add(kube::EndpointSlice slice) {
    if (slice.meta.ns.empty()) slice.meta.ns = "default";
    const kube::ObjectName name = slice.meta.object_name();
    state.endpoint_slices[name] = std::make_shared<kube::EndpointSlice>(std::move(slice));
    return *this;
  }
  // A Service with port 80 -> 8080 and one ready endpoint.
  Cluster& service(const std::string& service_name, const std::string& address = "10.0.0.1",
                   const std::string& ns = "default") {
    kube::Service object;
    object.meta.ns = ns;
    object.meta.name = service_name;
    object.cluster_ip = "10.96.0.1";
    object.ports.push_back({"", 80, "8080", "TCP"});
    add(std::move(object));
    return add(slice(service_name + "-1", service_name, {address}, {{"", 8080, "TCP"}}, ns));
  }
  Cluster& settings(std::map<std::string, std::string> data) {
    options.config_map = kube::ObjectName{"weir", "config"};
    kube::ConfigMap object;
    object.meta.ns = "weir";
    object.meta.name = "config";
    object.data = std::move(data);
    const kube::ObjectName name = object.meta.object_name();
    state.config_maps[name] = std::make_shared<kube::ConfigMap>(std::move(object));
    return *this;
  }

  static kube::EndpointSlice slice(const std::string& name, const std::string& service,
                                   const std::vector<std::string>& addresses, std::vector<kube::SlicePort> ports,
                                   const std::string& ns = "default") {
    kube::EndpointSlice object;
    object.meta.ns = ns;
    object.meta.name = name;
    object.service = service;
    object.ports = std::move(ports);
    for (const std::string& address : addresses) {
      kube::SliceEndpoint endpoint;
      endpoint.addresses.push_back(address);
      object.endpoints.push_back(std::move(endpoint));
    }
    return object;
  }

  AcceptedSet accepted(const AcceptedSet& previous = {}) const { return accept(previous, state, options); }
  BuildResult built() const { return build(accepted(), state, options); }
};

inline const Host* find_host(const Model& model, const std::string& name) {
  for (const HostPtr& host : model.hosts) {
    if (host->name == name) return host.get();
  }
  return nullptr;
}

inline const Location* find_location(const Model& model, const std::string& host, const std::string& path,
                                     kube::PathType type = kube::PathType::prefix) {
  const Host* found = find_host(model, host);
  if (found == nullptr) return nullptr;
  for (const Location& location : found->locations) {
    if (location.path == path && location.type == type) return &location;
  }
  return nullptr;
}

inline const Backend* find_backend(const Model& model, const std::string& name) {
  for (const BackendPtr& candidate : model.backends) {
    if (candidate->name == name) return candidate.get();
  }
  return nullptr;
}

// "error path-duplicate default/b"
inline std::vector<std::string> summary(const base::Diagnostics& diagnostics) {
  std::vector<std::string> lines;
  for (const base::Diagnostic& d : diagnostics) {
    lines.push_back(std::string(base::to_string(d.severity)) + " " + d.code + " " + d.object.ns + "/" + d.object.name);
  }
  return lines;
}

inline std::vector<std::string> texts(const std::vector<EndpointAddress>& endpoints) {
  std::vector<std::string> lines;
  for (const EndpointAddress& endpoint : endpoints) {
    lines.push_back(endpoint.ip.to_string() + " " + std::to_string(endpoint.port));
  }
  return lines;
}

}  // namespace weir::model
