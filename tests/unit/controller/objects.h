// Objects for tests of the loop.
#pragma once

#include "weir/kube/cluster_state.h"

#include <memory>
#include <string>

namespace weir::controller::test {

inline void add_service(kube::ClusterState& state, const std::string& name, const std::string& address) {
  auto service = std::make_shared<kube::Service>();
  service->meta.ns = "default";
  service->meta.name = name;
  kube::ServicePort port;
  port.name = "http";
  port.number = 80;
  service->ports.push_back(port);
  state.services[service->meta.object_name()] = service;
  if (address.empty()) return;
  auto slice = std::make_shared<kube::EndpointSlice>();
  slice->meta.ns = "default";
  slice->meta.name = name + "-1";
  slice->service = name;
  slice->address_type = "IPv4";
  kube::SliceEndpoint endpoint;
  endpoint.addresses = {address};
  slice->endpoints.push_back(endpoint);
  kube::SlicePort slice_port;
  slice_port.name = "http";
  slice_port.number = 8080;
  slice->ports.push_back(slice_port);
  state.endpoint_slices[slice->meta.object_name()] = slice;
}

inline void add_ingress(kube::ClusterState& state, const std::string& name, const std::string& host,
                        const std::string& service) {
  auto ingress = std::make_shared<kube::Ingress>();
  ingress->meta.ns = "default";
  ingress->meta.name = name;
  ingress->meta.annotations["kubernetes.io/ingress.class"] = "nginx";
  kube::IngressPath path;
  path.path = "/";
  path.type = kube::PathType::prefix;
  path.backend.service = service;
  path.backend.port.number = 80;
  kube::IngressRule rule;
  rule.host = host;
  rule.has_http = true;
  rule.paths.push_back(path);
  ingress->rules.push_back(rule);
  state.ingresses[ingress->meta.object_name()] = ingress;
}

}  // namespace weir::controller::test
