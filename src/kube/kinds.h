// The decoders of the single kinds, private to decode.cc. Each gets the whole object and throws FieldError.
#pragma once

#include "kube/field.h"
#include "weir/kube/objects.h"

#include <memory>
#include <string>
#include <vector>

namespace weir::kube {

enum class IngressVersion { v1, v1beta1 };

struct Context {
  Metadata meta;
  std::vector<FieldError> warnings;
};

Metadata read_metadata(const Field& meta, bool namespaced);

std::shared_ptr<const Ingress> read_ingress(const Field& root, Context& context, IngressVersion version);
std::shared_ptr<const IngressClass> read_ingress_class(const Field& root, Context& context);
std::shared_ptr<const Service> read_service(const Field& root, Context& context);
std::shared_ptr<const EndpointSlice> read_endpoint_slice(const Field& root, Context& context);
std::vector<std::shared_ptr<const EndpointSlice>> read_endpoints(const Field& root, Context& context);
std::shared_ptr<const Secret> read_secret(const Field& root, Context& context);
std::shared_ptr<const ConfigMap> read_config_map(const Field& root, Context& context);
std::shared_ptr<const Pod> read_pod(const Field& root, Context& context);
std::shared_ptr<const Node> read_node(const Field& root, Context& context);

// status.loadBalancer.ingress; entries with neither a name nor an address are left out.
std::vector<LoadBalancerAddress> read_load_balancer(const Field& status);

}  // namespace weir::kube
