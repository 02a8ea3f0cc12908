// RoutingTable (life-of-an-object, step 5): everything a worker needs to decide a request, compiled and immutable.
// Published to workers by proxy/publisher.h; looked up with route/lookup.h. What must survive a new table (pools,
// counters, sessions) lives outside, keyed by the ids below, which are never reused for another meaning.
//
// Thread rule: built on the control thread, then read-only on any thread. Lifetime: shared_ptr<const RoutingTable>;
// pointers into a table are valid while the snapshot is pinned.
#pragma once

#include "weir/base/cidr.h"
#include "weir/features/policies.h"
#include "weir/features/settings.h"
#include "weir/tls/certificate.h"
#include "weir/tls/client_context.h"
#include "weir/tls/server_context.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::route {

using BackendId = std::uint32_t;
using EndpointId = std::uint32_t;
using LocationId = std::uint32_t;
inline constexpr BackendId kNoBackend = 0xffffffffu;  // the built-in 404

struct Endpoint {
  EndpointId id = 0;  // of ip:port
  base::IpAddress ip;
  std::uint16_t port = 0;
  std::string text;  // "10.0.0.1:8080", "[fd00::1]:80": for the log
};

// How an endpoint is chosen (spec 3.4), with the precedence of affinity, hash-by and load-balance applied.
enum class Algorithm : std::uint8_t {
  round_robin,
  ewma,
  least_conn,
  hash,
  hash_subset,
  sticky_balanced,
  sticky_persistent
};

// An endpoint's part of an affinity cookie (spec 3.3, persistent).
struct AffinityKey {
  std::string key;
  std::uint32_t endpoint = 0;  // index

  auto operator<=>(const AffinityKey&) const = default;
};

class HashRing;     // route/hash_ring.h
class PathPattern;  // src/route: a compiled regular expression

struct Backend {
  BackendId id = 0;
  std::string name;  // proxy_upstream_name: "default-web-80"
  std::string ns;
  std::string service;
  std::string port;
  std::vector<Endpoint> endpoints;  // empty: 503
  std::string external_name;        // resolved by the workers' resolver; then endpoints is empty here
  std::uint16_t external_port = 0;
  Algorithm algorithm = Algorithm::round_robin;
  BackendId alternative = kNoBackend;  // its canary (spec 3.1)
  std::uint64_t revision = 0;          // of this object; greater in a later one of the same id, never reused
  features::BalancePolicy balance;
  features::HashPolicy hash;
  features::AffinityPolicy affinity;
  features::CanaryPolicy canary;                      // when it is chosen as somebody's alternative
  std::shared_ptr<const PathPattern> canary_pattern;  // of canary.header_pattern; null: none, or it does not compile
  std::string affinity_id;                            // its part of the affinity cookie
  std::vector<AffinityKey> affinity_keys;             // sorted; of persistent affinity
  std::shared_ptr<const HashRing> ring;               // of `endpoints`; null: not needed, or an external name

  // Is there anybody to ask, as far as the table knows?
  bool usable() const { return !endpoints.empty() || !external_name.empty(); }
};

// A TCP or UDP port of its own, and where what comes there goes (spec 4.14).
struct PortService {
  bool udp = false;
  std::uint16_t port = 0;
  bool proxy_in = false;                   // connections begin with a PROXY header
  bool proxy_out = false;                  // those to endpoints do
  std::shared_ptr<const Backend> backend;  // never null; not in RoutingTable::backends
};

enum class PathType : std::uint8_t { exact, prefix };

// What a location does, as values. Equal ones are one object: with 100,000 hosts that differ in name only, the policies
// of a request are found in the processor's cache.
struct LocationPolicies {
  features::Policies policies;
  std::string hsts_value;              // ready-made header value, empty when off
  std::uint64_t filters = 0;           // bit i: filter i of features/filter_order.h is active here
  tls::ClientContextPtr upstream_tls;  // of backend-protocol HTTPS, AUTO_HTTP and GRPCS; null: plain
  tls::ClientContextPtr mirror_tls;    // of a mirror whose URL may be https; null: it is not
  tls::ClientContextPtr auth_tls;      // of an authentication service whose URL may be https; null: it is not
  std::string problem;  // why a setting cannot be honoured, "annotation: text"; empty: all can. The paths are denied
};

// Fields that each request reads come first, and fill one cache line.
struct Location {
  explicit Location(std::shared_ptr<const LocationPolicies> values)
      : filters(values->filters),
        policies(values->policies),
        hsts_value(values->hsts_value),
        shared(std::move(values)) {}

  LocationId id = 0;  // of (host, path, type, namespace, ingress, service): metrics series
  BackendId backend = kNoBackend;
  std::uint64_t filters;
  const features::Policies& policies;
  const std::string& hsts_value;
  PathType type = PathType::prefix;
  bool rewrites = false;  // rewrite-target is set and differs from the path
  bool implicit = false;
  bool untouched_default = false;
  BackendId error_backend = kNoBackend;  // of default-backend (spec 4.7); none: the table's default backend
  std::shared_ptr<const LocationPolicies> shared;

  std::string path;  // the rule path as written: label `path`, $location_path
  std::string ns;    // owner, labels of logs and metrics; empty on the untouched default
  std::string ingress;
  std::string service;
  std::string service_port;
  std::shared_ptr<const PathPattern> capture;  // the path, unanchored (spec 2.5); null: nothing to capture
  std::shared_ptr<const std::map<std::string, std::string>> used;  // annotations in force, for explain
};

// Certificates of clients (spec 4.3).
struct ClientAuth {
  features::AuthTlsPolicy policy;
  std::shared_ptr<const PathPattern> match_cn;  // null: any subject
};

class HostMatcher;  // src/route: exact/prefix entries or regex list of one host

struct Host {
  std::vector<Location> locations;
  std::shared_ptr<const HostMatcher> matcher;
  bool regex_mode = false;
  bool has_certificate = false;  // of requests for `name` itself (spec 2.8); any name: host_has_certificate()
  std::optional<std::uint32_t> passthrough;  // index of the location whose backend takes TLS connections for `name`
                                             // unread (spec 4.13)
  std::string name;                          // "_", "a.example", "*.a.example"
  std::vector<std::string> aliases;
  features::VariableText app_root;
  std::string www_redirect_to;                    // non-empty: only redirects there (spec 2.10)
  tls::CertificatePtr certificate;                // null: the default certificate
  tls::HostTlsPtr tls;                            // null: nothing beside it
  std::shared_ptr<const ClientAuth> client_auth;  // null: clients need no certificates
};

using HostList = std::vector<std::shared_ptr<const Host>>;

class HostIndex;         // src/route: name -> Host
class ClientBlocks;      // src/route: block-user-agents, block-referers
class CertificateIndex;  // src/route: name -> certificate

struct RoutingTable : tls::CertificateFinder {
  std::uint64_t generation = 0;
  std::string hash;  // hex digest of what to_text() prints: equal tables have equal hashes
  std::shared_ptr<const features::Settings> settings;
  std::shared_ptr<const HostList> host_list;             // sorted by name; one object while no host changes
  std::vector<std::shared_ptr<const Backend>> backends;  // by BackendId; null where an id is unused
  std::shared_ptr<const Host> catch_all;                 // "_"
  std::vector<PortService> port_services;                // TCP before UDP, then by port
  BackendId default_backend = kNoBackend;
  tls::CertificatePtr default_certificate;     // null only without TLS (CompileOptions::tls)
  bool default_certificate_generated = false;  // no usable --default-ssl-certificate
  tls::ServerContextPtr tls_context;           // null: no HTTPS
  bool has_host_tls = false;                   // a host has TLS settings beside its certificate
  bool has_passthrough = false;                // the TLS connections of a host are not read
  std::string health_check_path = "/healthz";  // answered with 200 on "_"
  std::uint16_t http_port = 80;                // flags, for X-Forwarded-Port and redirects
  std::uint16_t https_port = 443;
  std::shared_ptr<const HostIndex> index;
  std::shared_ptr<const ClientBlocks> blocks;  // null: nobody is blocked
  std::shared_ptr<const CertificateIndex> certificate_index;

  const HostList& hosts() const;
  // nullptr: the port is none of ours.
  const PortService* find_port_service(bool udp, std::uint16_t port) const;
  const Backend* find_backend(BackendId id) const { return id < backends.size() ? backends[id].get() : nullptr; }
  // By SNI (spec 2.9); the default certificate when no host fits; nullptr with ssl-reject-handshake.
  const tls::Certificate* find_certificate(std::string_view sni) const override;
  // Of the host that a request with this name as its Host goes to.
  const tls::HostTls* find_host_tls(std::string_view sni) const override;
  // "The host has a certificate" for ssl-redirect (spec 2.8): `host` is the request's name, normalised; found exactly,
  // else with its first label replaced by "*". True also where TLS is configured but the default certificate is served.
  // An alias counts only if the certificate lists it.
  bool host_has_certificate(std::string_view host) const;
};
using RoutingTablePtr = std::shared_ptr<const RoutingTable>;

// The one printable form: golden tests, the admin page and debug logs. Holds no secret.
std::string to_text(const RoutingTable& table);

}  // namespace weir::route
