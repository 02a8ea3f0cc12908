// Kinds that are read only for the addresses they lend to the status of Ingresses.
#include "kube/kinds.h"

#include <utility>

namespace weir::kube {

std::vector<LoadBalancerAddress> read_load_balancer(const Field& status) {
  std::vector<LoadBalancerAddress> addresses;
  status["loadBalancer"]["ingress"].each([&addresses](const Field& entry) {
    LoadBalancerAddress address{entry["hostname"].text(), entry["ip"].text()};
    if (!address.hostname.empty() || !address.ip.empty()) addresses.push_back(std::move(address));
  });
  return addresses;
}

std::shared_ptr<const Pod> read_pod(const Field& root, Context& context) {
  auto pod = std::make_shared<Pod>();
  pod->node = root["spec"]["nodeName"].text();
  pod->running = root["status"]["phase"].text() == "Running";
  root["status"]["conditions"].each([&pod](const Field& condition) {
    if (condition["type"].text() == "Ready") pod->ready = condition["status"].text() == "True";
  });
  pod->meta = std::move(context.meta);
  return pod;
}

std::shared_ptr<const Node> read_node(const Field& root, Context& context) {
  auto node = std::make_shared<Node>();
  root["status"]["addresses"].each([&node](const Field& entry) {
    const std::string type = entry["type"].text();
    std::string address = entry["address"].text();
    if (address.empty()) return;
    if (type == "InternalIP") {
      node->internal_ips.push_back(std::move(address));
    } else if (type == "ExternalIP") {
      node->external_ips.push_back(std::move(address));
    }
  });
  node->meta = std::move(context.meta);
  return node;
}

}  // namespace weir::kube
