// Options of the control plane that come from flags (spec 7) and never change while the process runs. Values.
#pragma once

#include "weir/kube/objects.h"

#include <cstdint>
#include <optional>
#include <string>

namespace weir::model {

// Ports that no TCP or UDP service may take (spec 4.14), beside those for HTTP and HTTPS. Weir itself listens on the
// first only; the others are the original's.
struct ReservedPorts {
  std::uint16_t healthz = 10254;
  std::uint16_t ssl_passthrough = 442;
  std::uint16_t default_server = 8181;
  std::uint16_t profiler = 10245;
  std::uint16_t status = 10246;
  std::uint16_t stream = 10247;
};

struct Options {
  std::string ingress_class = "nginx";                    // --ingress-class
  std::string controller_class = "k8s.io/ingress-nginx";  // --controller-class
  bool ingress_class_by_name = false;
  bool watch_ingress_without_class = false;
  bool disable_catch_all = false;
  std::string watch_namespace;                              // empty: all
  std::optional<kube::ObjectName> default_backend_service;  // --default-backend-service
  std::optional<kube::ObjectName> config_map;               // --configmap
  std::optional<kube::ObjectName> default_ssl_certificate;  // --default-ssl-certificate
  std::optional<kube::ObjectName> tcp_services;             // --tcp-services-configmap
  std::optional<kube::ObjectName> udp_services;             // --udp-services-configmap
  ReservedPorts reserved_ports;
  std::string annotations_prefix = "nginx.ingress.kubernetes.io";
  bool enable_annotation_validation = true;
  bool deep_inspect = true;
  bool disable_svc_external_name = false;
  bool ssl_passthrough = false;               // --enable-ssl-passthrough
  bool topology_aware_routing = false;        // --enable-topology-aware-routing
  std::string zone;                           // this machine's zone; empty: unknown, topology hints are not followed
  bool allow_loopback_external_name = false;  // Weir's own; rulings: refused by default
  bool verify_auth_url = true;                // Weir's own: certificates of authentication services
  std::string health_check_path = "/healthz";
  std::uint16_t http_port = 80;
  std::uint16_t https_port = 443;
  bool class_api_readable = true;  // false: IngressClasses are Forbidden (spec 2.1 a)
  // Where no cluster tells: an Ingress of the class --ingress-class is ours although no IngressClass object of that
  // name was read, as if the chart had installed it. Set for manifests in files.
  bool assume_own_class = false;
};

}  // namespace weir::model
