#include "published_addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace weir::controller {
namespace {

using Addresses = std::vector<kube::LoadBalancerAddress>;
using Labels = std::map<std::string, std::string>;

bool is_ip(const std::string& text) {
  in6_addr address;  // large enough for both
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 || ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

void add(Addresses& addresses, const std::string& text) {
  if (text.empty() || text == "None") return;
  addresses.push_back(is_ip(text) ? kube::LoadBalancerAddress{"", text} : kube::LoadBalancerAddress{text, ""});
}

void add_service(Addresses& addresses, const kube::Service& service) {
  if (service.type == "ExternalName") return add(addresses, service.external_name);
  if (service.type == "LoadBalancer") {
    addresses.insert(addresses.end(), service.load_balancer.begin(), service.load_balancer.end());
  }
  if (service.type == "LoadBalancer" || service.type == "NodePort") {
    for (const std::string& ip : service.external_ips) add(addresses, ip);
  }
  const bool cluster_ip = service.type == "ClusterIP" || (service.type == "NodePort" && service.external_ips.empty());
  if (cluster_ip) add(addresses, service.cluster_ip);
}

// The labels that all versions of the controller's Deployment or DaemonSet have in common.
Labels lasting_labels(const kube::Pod& pod) {
  static constexpr std::array<const char*, 3> kOfOneVersion{"pod-template-hash", "controller-revision-hash",
                                                            "pod-template-generation"};
  Labels labels = pod.meta.labels;
  for (const char* label : kOfOneVersion) labels.erase(label);
  return labels;
}

// Our own Pod and those with its labels; empty when it is not known.
std::vector<const kube::Pod*> controller_pods(const StatusOptions& options, const kube::ClusterState& state) {
  std::vector<const kube::Pod*> pods;
  const auto own = state.find<kube::Pod>(options.pod);
  if (!own) return pods;
  const Labels labels = lasting_labels(*own);
  for (auto it = state.pods.lower_bound({options.pod.ns, ""}); it != state.pods.end(); ++it) {
    const kube::Pod& pod = *it->second;
    if (pod.meta.ns != options.pod.ns) break;
    const bool same =
        !labels.empty() && std::includes(pod.meta.labels.begin(), pod.meta.labels.end(), labels.begin(), labels.end());
    if (same || pod.meta.name == own->meta.name) pods.push_back(&pod);
  }
  return pods;
}

void add_nodes(Addresses& addresses, const StatusOptions& options, const kube::ClusterState& state) {
  for (const kube::Pod* pod : controller_pods(options, state)) {
    if (!pod->running || !pod->ready) continue;
    const auto node = state.find<kube::Node>({"", pod->node});
    if (!node) continue;
    const bool internal = options.internal_addresses || node->external_ips.empty();
    const auto& ips = internal ? node->internal_ips : node->external_ips;
    if (!ips.empty()) add(addresses, ips.front());
  }
}

}  // namespace

std::optional<Addresses> published_addresses(const StatusOptions& options, const kube::ClusterState& state) {
  Addresses addresses;
  if (!options.addresses.empty()) {
    for (const std::string& address : options.addresses) add(addresses, address);
  } else if (options.service) {
    if (const auto service = state.find<kube::Service>(*options.service)) add_service(addresses, *service);
  } else {
    add_nodes(addresses, options, state);
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  if (addresses.empty()) return std::nullopt;
  return addresses;
}

bool has_replicas(const StatusOptions& options, const kube::ClusterState& state) {
  const auto pods = controller_pods(options, state);
  return std::any_of(pods.begin(), pods.end(),
                     [&](const kube::Pod* pod) { return pod->meta.name != options.pod.name && !pod->meta.deleting; });
}

}  // namespace weir::controller
