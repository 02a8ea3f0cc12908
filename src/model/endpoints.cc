#include "model/endpoints.h"

#include "model/gates.h"
#include "model/report.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::model {
namespace {

using base::Severity;

std::string target_text(const kube::ServicePort& port) {
  return port.target_port.empty() ? std::to_string(port.number) : port.target_port;
}

// 0: the target port is a name.
int numeric_target(const kube::ServicePort& port) {
  if (port.target_port.empty()) return port.number;
  const auto number = base::parse_int(port.target_port);
  return number && *number > 0 && *number <= 65535 ? static_cast<int>(*number) : 0;
}

// Number, target port's text or name, whichever entry fits first (spec 2.7).
const kube::ServicePort* find_port(const kube::Service& service, const std::string& text) {
  for (const kube::ServicePort& port : service.ports) {
    if (std::to_string(port.number) == text || target_text(port) == text || port.name == text) return &port;
  }
  return nullptr;
}

// Of a TCP or UDP service: by number, where the text is one, else by name (spec 4.14).
const kube::ServicePort* find_port_of(const kube::Service& service, const std::string& text,
                                      std::string_view protocol) {
  const bool is_number = base::parse_int(text).has_value();
  for (const kube::ServicePort& port : service.ports) {
    const bool fits = is_number ? std::to_string(port.number) == text : port.name == text;
    if (fits && port.protocol == protocol) return &port;
  }
  return nullptr;
}

// The ports of one slice that serve `port`.
void slice_ports(const kube::EndpointSlice& slice, const kube::ServicePort& port, std::string_view protocol,
                 std::vector<int>& out) {
  out.clear();
  bool has_protocol = slice.ports.empty();
  for (const kube::SlicePort& candidate : slice.ports) {
    if (candidate.protocol != protocol) continue;
    has_protocol = true;
    if (!port.name.empty() && candidate.name != port.name) continue;
    if (candidate.number && *candidate.number > 0) out.push_back(*candidate.number);
  }
  if (const int target = numeric_target(port); out.empty() && has_protocol && target > 0) out.push_back(target);
}

BackendState state_of(const Backend& backend) {
  const bool is_ready = !backend.endpoints.empty() || !backend.external_name.empty();
  return is_ready ? BackendState::ready : BackendState::no_endpoints;
}

// What messages say of who refers to a Service, and what comes of it when it cannot be used.
struct Referrer {
  const char* who;
  const char* effect;
};
constexpr Referrer kIngress{"an Ingress", "its paths answer 503"};
constexpr Referrer kPortService{"a TCP or UDP service", "its port stays closed"};

class Resolver {
 public:
  Resolver(const kube::Service& service, const Options& options, Referrer referrer, Backend& backend,
           base::Diagnostics& diagnostics)
      : service_(service), options_(options), referrer_(referrer), backend_(backend), diagnostics_(diagnostics) {}

  // False: there is none to use; normal endpoints are used instead.
  bool use_cluster_ip(const kube::PortRef& port);
  void use_external_name(const kube::PortRef& port);
  void use_slices(const Slices& slices, const kube::ServicePort& port, std::string_view protocol = "TCP");
  void say_port_missing(const std::string& text) {
    say(Severity::warning, "service-port-missing", "spec.ports",
        text + ", which " + referrer_.who + " refers to: " + referrer_.effect);
  }
  void say(Severity severity, const char* code, std::string key, std::string text) {
    diagnostics_.push_back(diagnostic(severity, code, ref_of(service_), std::move(key), std::move(text)));
  }

 private:
  enum class Hints { ignored, followed, followed_if_any };
  Hints hints() const;
  bool follows_hints(const kube::EndpointSlice& slice, Hints hints) const;
  bool is_near(const kube::SliceEndpoint& endpoint) const {
    const auto& zones = endpoint.zone_hints;
    return std::find(zones.begin(), zones.end(), options_.zone) != zones.end();
  }
  void add_all(const kube::SliceEndpoint& endpoint, const std::vector<int>& ports, std::vector<EndpointAddress>& to);
  void add(const base::IpAddress& ip, int port) {
    backend_.endpoints.push_back({ip, static_cast<std::uint16_t>(port)});
  }
  int external_port(const kube::PortRef& port) const;
  bool is_refused(const base::IpAddress& ip) const {
    // A connection to the unspecified address ends at this machine.
    const bool local =
        ip.is_loopback() || ip.is_link_local() || ip == *base::parse_ip("0.0.0.0") || ip == base::IpAddress{};
    return local && !options_.allow_loopback_external_name;
  }

  const kube::Service& service_;
  const Options& options_;
  const Referrer referrer_;
  Backend& backend_;
  base::Diagnostics& diagnostics_;
  std::string unreadable_;  // an address that is none
};

bool Resolver::use_cluster_ip(const kube::PortRef& port) {
  const auto ip = base::parse_ip(service_.cluster_ip);
  int number = port.number;
  if (!port.name.empty()) {
    const auto found = std::find_if(service_.ports.begin(), service_.ports.end(),
                                    [&port](const kube::ServicePort& entry) { return entry.name == port.name; });
    number = found == service_.ports.end() ? 0 : found->number;
  }
  if (!ip || number <= 0 || number > 65535) {
    say(Severity::warning, "service-upstream-unusable", "spec.clusterIP",
        !ip ? "service-upstream needs a clusterIP, and there is none; the endpoints are used"
            : "service-upstream: no port is named \"" + port.text() + "\"; the endpoints are used");
    return false;
  }
  add(*ip, number);
  return true;
}

// The matching port's target, else the number in the Ingress; 0: a name that no port has.
int Resolver::external_port(const kube::PortRef& port) const {
  for (const kube::ServicePort& entry : service_.ports) {
    const bool same = port.name.empty() ? entry.number == port.number : entry.name == port.name;
    if (!same) continue;
    const int target = numeric_target(entry);
    return target > 0 ? target : entry.number;
  }
  return port.name.empty() ? port.number : 0;
}

void Resolver::use_external_name(const kube::PortRef& port) {
  const std::string& name = service_.external_name;
  if (options_.disable_svc_external_name) {
    return say(Severity::warning, "external-name-refused", "spec.type",
               std::string("ExternalName is switched off by --disable-svc-external-name: ") + referrer_.effect);
  }
  const int number = external_port(port);
  if (number <= 0 || number > 65535) {
    return say_port_missing("no port is named \"" + port.text() + "\"");
  }
  const auto local = [&] {
    say(Severity::warning, "external-name-refused", "spec.externalName",
        "\"" + name + "\" is this machine or its link: " + referrer_.effect);
  };
  if (const auto ip = base::parse_ip(name)) {
    if (is_refused(*ip)) return local();
    return add(*ip, number);
  }
  // A trailing dot is kept: it tells the resolver to skip the search list.
  std::string_view host = name;
  if (host.ends_with('.')) host.remove_suffix(1);
  if (!is_dns_subdomain(host)) {
    return say(Severity::warning, "external-name-invalid", "spec.externalName",
               "\"" + name + "\" is neither a DNS name in lower case nor an IP address: " + referrer_.effect);
  }
  const bool is_localhost = host == "localhost" || host.ends_with(".localhost");
  if (is_localhost && !options_.allow_loopback_external_name) return local();
  backend_.external_name = name;
  backend_.external_port = static_cast<std::uint16_t>(number);
}

// Whether hints choose endpoints for this Service, and how strictly (spec 2.7).
Resolver::Hints Resolver::hints() const {
  if (!options_.topology_aware_routing || options_.zone.empty()) return Hints::ignored;
  const auto mode = service_.meta.annotations.find("service.kubernetes.io/topology-mode");
  if (mode != service_.meta.annotations.end() && base::to_lower(mode->second) == "auto") return Hints::followed;
  return service_.traffic_distribution == "PreferClose" ? Hints::followed_if_any : Hints::ignored;
}

// Hints count in a slice where every endpoint has some: others are being rearranged.
bool Resolver::follows_hints(const kube::EndpointSlice& slice, Hints hints) const {
  if (hints == Hints::ignored) return false;
  const auto& all = slice.endpoints;
  if (!std::all_of(all.begin(), all.end(), [](const auto& endpoint) { return !endpoint.zone_hints.empty(); })) {
    return false;
  }
  if (hints == Hints::followed) return true;
  return std::any_of(all.begin(), all.end(), [this](const auto& endpoint) { return is_near(endpoint); });
}

void Resolver::add_all(const kube::SliceEndpoint& endpoint, const std::vector<int>& ports,
                       std::vector<EndpointAddress>& to) {
  for (const std::string& address : endpoint.addresses) {
    const auto ip = base::parse_ip(address);
    if (!ip) unreadable_ = address;
    for (const int number : ports) {
      if (ip && number <= 65535) to.push_back({*ip, static_cast<std::uint16_t>(number)});
    }
  }
}

void Resolver::use_slices(const Slices& slices, const kube::ServicePort& port, std::string_view protocol) {
  std::vector<int> ports;
  std::vector<EndpointAddress> leaving;
  const Hints hints = this->hints();
  for (const kube::EndpointSlice* slice : slices) {
    slice_ports(*slice, port, protocol, ports);
    const bool only_near = follows_hints(*slice, hints);
    for (const kube::SliceEndpoint& endpoint : slice->endpoints) {
      if (only_near && !is_near(endpoint)) continue;
      // The cluster's own slices say "ready" for such a Service already; hand-made ones may not.
      if (endpoint.ready.value_or(true) || service_.publish_not_ready) {
        add_all(endpoint, ports, backend_.endpoints);
      } else if (endpoint.terminating.value_or(false) && endpoint.serving.value_or(false)) {
        add_all(endpoint, ports, leaving);
      }
    }
  }
  // A Service whose pods all terminate is still served by those that answer (KEP-1669).
  if (backend_.endpoints.empty() && !leaving.empty()) {
    backend_.endpoints = std::move(leaving);
    say(Severity::info, "endpoints-terminating", "",
        "port " + backend_.port + " has no ready endpoint: those that terminate but still serve are used");
  }
  auto& all = backend_.endpoints;
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (!unreadable_.empty()) {
    say(Severity::warning, "endpoint-address-invalid", "endpoints.addresses",
        "\"" + unreadable_ + "\" in an EndpointSlice of this Service is no IP address; left out");
  }
}

}  // namespace

std::string backend_name(std::string_view ns, std::string_view service, std::string_view port) {
  std::string name;
  name.reserve(ns.size() + service.size() + port.size() + 2);
  name.append(ns).append(1, '-').append(service).append(1, '-').append(port);
  return name;
}

void resolve(const kube::Service* service, const Slices& slices, const kube::PortRef& port, bool service_upstream,
             const Options& options, Backend& backend, base::Diagnostics& diagnostics) {
  if (service == nullptr) {
    backend.state = BackendState::no_service;
    return;
  }
  Resolver resolver(*service, options, kIngress, backend, diagnostics);
  const bool is_external = service->type == "ExternalName";
  if (is_external) {
    resolver.use_external_name(port);
  } else if (!service_upstream || !resolver.use_cluster_ip(port)) {
    if (const kube::ServicePort* found = find_port(*service, port.text())) {
      resolver.use_slices(slices, *found);
      if (backend.endpoints.empty()) {
        resolver.say(Severity::info, "no-endpoints", "", "port " + port.text() + " has no ready endpoint");
      }
    } else {
      resolver.say_port_missing("no port has the number, target port or name \"" + port.text() + "\"");
    }
  }
  backend.state = state_of(backend);
}

void resolve_port(const kube::Service& service, const Slices& slices, const std::string& port,
                  std::string_view protocol, const Options& options, Backend& backend, base::Diagnostics& diagnostics) {
  Resolver resolver(service, options, kPortService, backend, diagnostics);
  const kube::ServicePort* found = find_port_of(service, port, protocol);
  if (found == nullptr) {
    resolver.say_port_missing("no " + std::string(protocol) + " port has the number or name \"" + port + "\"");
  } else if (service.type == "ExternalName") {
    kube::PortRef ref;
    ref.number = found->number;
    resolver.use_external_name(ref);
  } else {
    resolver.use_slices(slices, *found, protocol);
  }
  backend.state = state_of(backend);
}

Backend resolve_backend(const kube::ClusterState& state, const Options& options, const std::string& ns,
                        const std::string& service, const kube::PortRef& port, bool service_upstream,
                        base::Diagnostics& diagnostics) {
  Backend backend;
  backend.ns = ns;
  backend.service = service;
  backend.port = port.text();
  backend.name = backend_name(ns, service, backend.port);
  backend.balance.service_upstream = service_upstream;
  const auto object = state.find<kube::Service>({ns, service});
  resolve(object.get(), slices_of(state, ns, service), port, service_upstream, options, backend, diagnostics);
  return backend;
}

}  // namespace weir::model
