// Kubernetes objects as plain structs: only the fields Weir reads (managedFields and last-applied never are).
// Values; immutable once they are behind shared_ptr<const T>; any thread. Decoded by kube/decode.h, kept by
// kube/cluster_state.h (life-of-an-object, step 1).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir::kube {

struct ObjectName {
  std::string ns;  // empty for cluster-wide kinds
  std::string name;

  auto operator<=>(const ObjectName&) const = default;
};

// "ns/name"
std::string to_string(const ObjectName& name);

struct Metadata {
  std::string ns;
  std::string name;
  std::string uid;
  std::string resource_version;  // opaque (compare for equality only)
  std::int64_t created = 0;      // seconds since 1970; 0 = absent, which counts as oldest
  bool deleting = false;         // deletionTimestamp is set
  std::map<std::string, std::string> annotations;
  std::map<std::string, std::string> labels;

  ObjectName object_name() const { return {ns, name}; }
  bool operator==(const Metadata&) const = default;
};

// A Service port as an Ingress writes it: by number or by name. Both empty: not set.
struct PortRef {
  std::string name;
  int number = 0;

  std::string text() const { return name.empty() ? std::to_string(number) : name; }
  bool operator==(const PortRef&) const = default;
};

struct IngressBackend {
  bool is_resource = false;  // a resource backend: the rule is skipped (spec 2.2)
  std::string service;
  PortRef port;

  bool operator==(const IngressBackend&) const = default;
};

enum class PathType { exact, prefix, implementation_specific };
const char* to_string(PathType type);

struct IngressPath {
  std::string path;              // as written; empty means "/"
  std::optional<PathType> type;  // nullopt: absent (v1beta1), treated as ImplementationSpecific
  IngressBackend backend;

  bool operator==(const IngressPath&) const = default;
};

struct IngressRule {
  std::string host;  // empty: belongs to the catch-all server "_"
  bool has_http = false;
  std::vector<IngressPath> paths;

  bool operator==(const IngressRule&) const = default;
};

struct IngressTls {
  std::vector<std::string> hosts;
  std::string secret;  // name in the Ingress' namespace; may be empty

  bool operator==(const IngressTls&) const = default;
};

// One entry of status.loadBalancer.ingress; one of the two is set.
struct LoadBalancerAddress {
  std::string hostname;
  std::string ip;

  // By host name, then by address: the order in which a status lists them (spec 8.6).
  auto operator<=>(const LoadBalancerAddress&) const = default;
};

struct Ingress {
  static constexpr const char* kKind = "Ingress";
  Metadata meta;
  std::optional<std::string> class_name;
  std::optional<IngressBackend> default_backend;
  std::vector<IngressTls> tls;
  std::vector<IngressRule> rules;
  std::vector<LoadBalancerAddress> load_balancer;  // status.loadBalancer.ingress as written by whoever reports it

  bool operator==(const Ingress&) const = default;
};

struct IngressClass {
  static constexpr const char* kKind = "IngressClass";
  Metadata meta;
  std::string controller;
  bool has_parameters = false;

  bool operator==(const IngressClass&) const = default;
};

struct ServicePort {
  std::string name;
  int number = 0;
  std::string target_port;  // number as text, or a name; empty: equal to number
  std::string protocol = "TCP";

  bool operator==(const ServicePort&) const = default;
};

struct Service {
  static constexpr const char* kKind = "Service";
  Metadata meta;
  std::string type = "ClusterIP";
  std::string cluster_ip;  // "None" for headless, empty when absent
  std::string external_name;
  std::vector<ServicePort> ports;
  std::vector<std::string> external_ips;
  std::vector<LoadBalancerAddress> load_balancer;  // status.loadBalancer.ingress
  std::string traffic_distribution;
  bool publish_not_ready = false;  // publishNotReadyAddresses

  bool operator==(const Service&) const = default;
};

struct SliceEndpoint {
  std::vector<std::string> addresses;
  std::optional<bool> ready;
  std::optional<bool> serving;
  std::optional<bool> terminating;
  std::vector<std::string> zone_hints;

  bool operator==(const SliceEndpoint&) const = default;
};

struct SlicePort {
  std::string name;
  std::optional<int> number;
  std::string protocol = "TCP";

  bool operator==(const SlicePort&) const = default;
};

// A v1 Endpoints object is decoded into this form too (`legacy` = true), one slice per subset.
struct EndpointSlice {
  static constexpr const char* kKind = "EndpointSlice";
  Metadata meta;
  std::string service;       // label kubernetes.io/service-name
  std::string address_type;  // IPv4, IPv6, FQDN
  std::vector<SliceEndpoint> endpoints;
  std::vector<SlicePort> ports;
  bool legacy = false;

  bool operator==(const EndpointSlice&) const = default;
};

struct Secret {
  static constexpr const char* kKind = "Secret";
  Metadata meta;
  std::string type;
  std::map<std::string, std::string> data;  // base64 already decoded; never logged, never dumped

  bool operator==(const Secret&) const = default;
};

struct ConfigMap {
  static constexpr const char* kKind = "ConfigMap";
  Metadata meta;
  std::map<std::string, std::string> data;

  bool operator==(const ConfigMap&) const = default;
};

// A Pod as a source of addresses for the status of Ingresses: Weir's own and its replicas.
struct Pod {
  static constexpr const char* kKind = "Pod";
  Metadata meta;
  std::string node;      // empty: not scheduled
  bool running = false;  // status.phase
  bool ready = false;    // condition Ready

  bool operator==(const Pod&) const = default;
};

// A Node as a source of addresses for the status of Ingresses.
struct Node {
  static constexpr const char* kKind = "Node";
  Metadata meta;
  std::vector<std::string> internal_ips;
  std::vector<std::string> external_ips;

  bool operator==(const Node&) const = default;
};

}  // namespace weir::kube
