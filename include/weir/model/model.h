// Model (life-of-an-object, step 4): what is to be served, resolved and merged, as plain structs with compiler-made
// equality. Hosts -> locations -> policies and backend names; all containers are in a defined order. Pure values.
#pragma once

#include "weir/base/cidr.h"
#include "weir/base/diagnostic.h"
#include "weir/features/policies.h"
#include "weir/features/settings.h"
#include "weir/kube/cluster_state.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir::model {

inline constexpr const char* kCatchAll = "_";

// Who owns a location: for metrics labels, $variables, explain.
struct Owner {
  std::string ns;
  std::string ingress;
  std::string service;
  std::string port;  // number or name as written

  bool operator==(const Owner&) const = default;
};

struct Location {
  std::string path;                              // as written; "/" for the implicit one
  kube::PathType type = kube::PathType::prefix;  // exact or prefix (spec 2.1: everything else became prefix)
  bool implicit = false;                         // the host's implicit "/"
  bool untouched_default = false;  // "/" of "_" that no Ingress took over (spec 2.2): no redirects, no log
  Owner owner;
  std::string backend;        // Backend::name; empty: the built-in 404
  std::string error_backend;  // Backend::name of default-backend; empty: none (spec 4.7)
  features::Policies policies;
  std::shared_ptr<const std::map<std::string, std::string>> used;  // annotations in force, for explain

  bool operator==(const Location& other) const {
    return path == other.path && type == other.type && implicit == other.implicit &&
           untouched_default == other.untouched_default && owner == other.owner && backend == other.backend &&
           error_backend == other.error_backend && policies == other.policies;
  }
};

// A rule that lost against an earlier one of the same host and path (spec 2.2), for explain and the admin page.
struct Shadowed {
  std::string path;
  kube::PathType type = kube::PathType::prefix;
  Owner owner;
  std::string reason;

  bool operator==(const Shadowed&) const = default;
};

struct TlsEntry {
  std::vector<std::string> hosts;              // lower case
  kube::ObjectName secret;                     // empty name: none given
  std::shared_ptr<const kube::Secret> object;  // null: missing. Compared by pointer

  bool operator==(const TlsEntry&) const = default;
};

struct Host {
  std::string name;                        // lower case; "*.x" for a wildcard; "_" for the catch-all
  std::vector<std::string> aliases;        // sorted
  std::vector<Location> locations;         // in the original's list order: path length descending, then path
                                           // descending, stable (spec 2.5)
  bool regex_mode = false;                 // spec 2.5
  bool has_tls = false;                    // one of its Ingresses has a non-empty spec.tls (spec 2.8)
  std::vector<TlsEntry> tls;               // of the first such Ingress (spec 2.9)
  features::AuthTlsPolicy auth_tls;        // of the first of its Ingresses that has a usable one (spec 2.2)
  features::SslPolicy ssl;                 // each value of the first that sets it
  features::VariableText app_root;         // first location that has one
  std::string www_redirect_to;             // non-empty: an extra host that only redirects there (spec 2.10)
  std::optional<std::size_t> passthrough;  // index of the location whose backend takes the host's TLS connections
                                           // unread (spec 4.13); nullopt: TLS ends here
  std::vector<Shadowed> shadowed;

  bool operator==(const Host&) const = default;
};

struct EndpointAddress {
  base::IpAddress ip;
  std::uint16_t port = 0;

  auto operator<=>(const EndpointAddress&) const = default;
};

enum class BackendState { ready, no_service, no_endpoints };

struct Backend {
  std::string name;  // <namespace>-<service>-<port as written> (spec 2.7)
  std::string ns;
  std::string service;
  std::string port;
  BackendState state = BackendState::no_endpoints;
  std::vector<EndpointAddress> endpoints;  // sorted, unique
  std::string external_name;               // resolved at run time; empty: none
  std::uint16_t external_port = 0;
  features::BalancePolicy balance;
  features::HashPolicy hash;
  features::AffinityPolicy affinity;
  features::CanaryPolicy canary;          // when it is chosen as somebody's alternative
  kube::ObjectName canary_owner;          // the Ingress that says so; empty: none
  std::vector<std::string> alternatives;  // Backend::name of its canaries, oldest first; only [0] takes requests

  bool operator==(const Backend&) const = default;
};

// Shared between models as long as nothing about them changes: an equal pointer is an equal value.
using HostPtr = std::shared_ptr<const Host>;
using BackendPtr = std::shared_ptr<const Backend>;

enum class Transport : std::uint8_t { tcp, udp };

// A TCP or UDP port of its own that leads to a Service (spec 4.14).
struct PortService {
  Transport transport = Transport::tcp;
  std::uint16_t port = 0;
  bool proxy_in = false;   // connections begin with a PROXY header; TCP only
  bool proxy_out = false;  // those to endpoints do; TCP only
  BackendPtr backend;      // never null; named tcp-<namespace>-<service>-<port as written>, not in Model::backends

  bool operator==(const PortService& other) const {
    return transport == other.transport && port == other.port && proxy_in == other.proxy_in &&
           proxy_out == other.proxy_out && (backend == other.backend || *backend == *other.backend);
  }
};

struct Model {
  std::shared_ptr<const features::Settings> settings;
  std::vector<HostPtr> hosts;                               // sorted by name; "_" is always there; never null
  std::vector<BackendPtr> backends;                         // sorted by name, unique; never null
  std::vector<PortService> port_services;                   // sorted by transport and port, unique
  std::string default_backend;                              // Backend::name of --default-backend-service, or empty
  std::shared_ptr<const kube::Secret> default_certificate;  // of --default-ssl-certificate; null: the generated one
};

}  // namespace weir::model
