#include "serve_options.h"

#include "weir/base/ascii.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace weir::app {

namespace {

using Apply = std::function<std::optional<std::string>(std::string_view)>;
using View = std::string_view;

constexpr auto kBoolean = FlagType::boolean;
constexpr auto kText = FlagType::text;
constexpr auto kInteger = FlagType::integer;
constexpr auto kNumber = FlagType::number;
constexpr auto kDuration = FlagType::duration;
constexpr auto kList = FlagType::list;
constexpr auto kPlanned = FlagEffect::planned;
constexpr auto kNoop = FlagEffect::noop;
constexpr auto kActive = FlagEffect::active;

Apply to(bool& target) {
  return [&target](View value) -> std::optional<std::string> {
    target = *base::parse_bool(value);
    return std::nullopt;
  };
}

Apply to(std::string& target) {
  return [&target](View value) -> std::optional<std::string> {
    target = value;
    return std::nullopt;
  };
}

Apply to_port(std::uint16_t& target) {
  return [&target](View value) -> std::optional<std::string> {
    const auto number = base::parse_int(value);
    if (!number || *number < 0 || *number > 65535) return "must be a port number between 0 and 65535";
    target = static_cast<std::uint16_t>(*number);
    return std::nullopt;
  };
}

Apply to_seconds(std::chrono::seconds& target) {
  return [&target](View value) -> std::optional<std::string> {
    const auto number = base::parse_int(value);
    if (!number || *number < 0 || *number > 86400) return "must be a number of seconds between 0 and 86400";
    target = std::chrono::seconds(*number);
    return std::nullopt;
  };
}

// "namespace/name"; empty: not set.
Apply to_object(std::optional<kube::ObjectName>& target) {
  return [&target](View value) -> std::optional<std::string> {
    if (value.empty()) {
      target.reset();
      return std::nullopt;
    }
    const std::size_t slash = value.find('/');
    if (slash == View::npos || slash == 0 || slash + 1 == value.size() || value.find('/', slash + 1) != View::npos) {
      return "must have the form namespace/name";
    }
    target = kube::ObjectName{std::string(value.substr(0, slash)), std::string(value.substr(slash + 1))};
    return std::nullopt;
  };
}

Apply to_opposite(bool& target) {
  return [&target](View value) -> std::optional<std::string> {
    target = !*base::parse_bool(value);
    return std::nullopt;
  };
}

// The other replicas must notice a lost leader in a useful time, and three renewals must fit in.
Apply to_election_ttl(std::chrono::milliseconds& target) {
  return [&target](View value) -> std::optional<std::string> {
    const auto seconds = parse_go_duration(value);
    if (!seconds || *seconds < 1 || *seconds > 86400) return "must be a duration between 1s and 24h";
    target = std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000));
    return std::nullopt;
  };
}

Apply to_buckets(std::vector<double>& target) {
  return [&target](View value) -> std::optional<std::string> {
    std::vector<double> buckets;
    for (const std::string& item : base::split_list(value)) {
      double number = 0;
      const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), number);
      if (error != std::errc() || end != item.data() + item.size()) return "must be a comma list of numbers";
      if (!buckets.empty() && number <= buckets.back()) return "must be in increasing order";
      buckets.push_back(number);
    }
    if (buckets.empty() || buckets.size() > 100) return "must be a comma list of 1 to 100 numbers";
    target = std::move(buckets);
    return std::nullopt;
  };
}

std::vector<Flag> object_flags(ServeOptions& o) {
  const std::string group = "Objects";
  model::Options& m = o.model;
  return {
      {"configmap", kText, "", group, "Name (namespace/name) of the ConfigMap with the global settings", kActive,
       to_object(m.config_map)},
      {"default-backend-service", kText, "", group,
       "Service (namespace/name) for requests no rule matches; it must exist at start, its first port is used", kActive,
       to_object(m.default_backend_service)},
      {"default-ssl-certificate", kText, "", group,
       "Secret (namespace/name) with the certificate for hosts without one of their own", kActive,
       to_object(m.default_ssl_certificate)},
      {"tcp-services-configmap", kText, "", group,
       "ConfigMap (namespace/name) with TCP services, port: namespace/service:port[:PROXY][:PROXY]; only these open "
       "ports "
       "of their own",
       kActive, to_object(m.tcp_services)},
      {"udp-services-configmap", kText, "", group, "The same for UDP services, port: namespace/service:port", kActive,
       to_object(m.udp_services)},
      {"ingress-class", kText, "nginx", group, "Value of the annotation kubernetes.io/ingress.class that is served",
       kActive, to(m.ingress_class)},
      {"controller-class", kText, "k8s.io/ingress-nginx", group,
       "spec.controller of the IngressClasses that are served", kActive, to(m.controller_class)},
      {"ingress-class-by-name", kBoolean, "false", group, "Also serve the IngressClass named by --ingress-class",
       kActive, to(m.ingress_class_by_name)},
      {"watch-ingress-without-class", kBoolean, "false", group, "Also serve Ingresses that name no class", kActive,
       to(m.watch_ingress_without_class)},
      {"disable-catch-all", kBoolean, "false", group, "Serve no Ingress that has a default backend", kActive,
       to(m.disable_catch_all)},
      {"watch-namespace", kText, "", group, "Serve objects of this namespace only; empty: all", kActive,
       to(m.watch_namespace)},
      {"annotations-prefix", kText, "nginx.ingress.kubernetes.io", group, "Prefix of the annotations", kActive,
       to(m.annotations_prefix)},
      {"enable-annotation-validation", kBoolean, "true", group, "Check the values of annotations", kActive,
       to(m.enable_annotation_validation)},
      {"deep-inspect", kBoolean, "true", group, "Refuse Ingresses whose fields hold text known from attacks", kActive,
       to(m.deep_inspect)},
      {"disable-svc-external-name", kBoolean, "false", group, "Do not serve Services of type ExternalName", kActive,
       to(m.disable_svc_external_name)},
      {"enable-ssl-passthrough", kBoolean, "false", group, "Honour the ssl-passthrough annotation", kActive,
       to(m.ssl_passthrough)},
      {"allow-loopback-external-name", kBoolean, "false", group,
       "Weir's own: let ExternalName Services resolve to loopback and link-local addresses", kActive,
       to(m.allow_loopback_external_name)},
      {"verify-auth-url", kBoolean, "true", group,
       "Weir's own: verify certificates of https services of auth-url and global-auth-url; false: as the original, "
       "which "
       "asks whoever answers",
       kActive, to(m.verify_auth_url)},
  };
}

std::vector<Flag> listening_flags(ServeOptions& o) {
  const std::string group = "Listening";
  model::ReservedPorts& reserved = o.model.reserved_ports;
  return {
      {"http-port", kInteger, "80", group, "Port for HTTP", kActive, to_port(o.model.http_port)},
      {"https-port", kInteger, "443", group, "Port for HTTPS", kActive, to_port(o.model.https_port)},
      {"healthz-port", kInteger, "10254", group, "Port for /healthz, /readyz and /metrics", kActive,
       to_port(o.healthz_port)},
      {"healthz-host", kText, "", group, "Address for --healthz-port; empty: all", kActive, to(o.healthz_host)},
      {"admin-page", kBoolean, "false", group,
       "Weir's own: serve a read-only page about what is in force on --healthz-port", kActive, to(o.admin_page)},
      {"debug-socket", kText, "auto", group,
       "Weir's own: unix socket that `weir config` and `weir dbg` ask; auto: among the temporary files; off: none",
       kActive, to(o.debug_socket)},
      {"health-check-path", kText, "/healthz", group,
       "Path answered with 200 as /healthz is: on --healthz-port, and by the catch-all server of the other ports",
       kActive, to(o.model.health_check_path)},
      {"health-check-timeout", kInteger, "10", group, "Time limit of the original's self check, seconds", kNoop, {}},
      {"default-server-port", kInteger, "8181", group,
       "The original's port of its built-in 404; like the next ones, closed to TCP and UDP services", kNoop,
       to_port(reserved.default_server)},
      {"status-port", kInteger, "10246", group, "The original's port for talking to its data plane", kNoop,
       to_port(reserved.status)},
      {"stream-port", kInteger, "10247", group, "The original's port for stream settings", kNoop,
       to_port(reserved.stream)},
      {"ssl-passthrough-proxy-port", kInteger, "442", group,
       "The original's port behind its TLS passthrough; Weir hands such connections on within the process", kNoop,
       to_port(reserved.ssl_passthrough)},
      {"internal-logger-address",
       kText,
       "127.0.0.1:11514",
       group,
       "Log receiver of the original's chroot image",
       kNoop,
       {}},
      {"profiling", kBoolean, "true", group, "The original's Go profiler", kNoop, {}},
      {"profiler-port", kInteger, "10245", group, "Port of that profiler", kNoop, to_port(reserved.profiler)},
      {"profiler-address", kText, "127.0.0.1", group, "Address of that profiler", kNoop, {}},
  };
}

std::vector<Flag> cluster_flags(ServeOptions& o) {
  const std::string group = "Cluster";
  return {
      {"manifests", kText, "", group, "Weir's own: standalone mode, read objects from the files of this folder",
       kActive, to(o.manifests)},
      {"apiserver-host", kText, "", group,
       "Address of the API server, https://host:port or http://host:port; not needed in a Pod or with a kubeconfig",
       kActive, to(o.api.apiserver_host)},
      {"certificate-authority", kText, "", group, "CA file for --apiserver-host; empty: the system's authorities",
       kActive, to(o.api.certificate_authority)},
      {"kubeconfig", kText, "", group,
       "kubeconfig file: where the API server is and who Weir is; in a Pod the service account says so", kActive,
       to(o.api.kubeconfig)},
      {"context", kText, "", group, "Weir's own: context of the kubeconfig; empty: its current-context", kActive,
       to(o.api.context)},
      {"allow-insecure-kubeconfig", kBoolean, "false", group,
       "Weir's own: honour insecure-skip-tls-verify of a kubeconfig; whoever is in between can then say what is served",
       kActive, to(o.api.allow_insecure)},
      {"watch-namespace-selector", kText, "", group,
       "Label selector of the namespaces whose Ingresses are served; excludes --watch-namespace", kActive,
       to(o.watch_namespace_selector)},
      {"enable-topology-aware-routing", kBoolean, "false", group,
       "Prefer endpoints of the own zone where Services ask for it; needs --zone", kActive,
       to(o.model.topology_aware_routing)},
      {"zone", kText, "", group, "Weir's own: the zone of this node, topology.kubernetes.io/zone; also $WEIR_ZONE",
       kActive, to(o.model.zone)},
      {"table-interval", kInteger, "50", group,
       "Weir's own: milliseconds from one routing table to the next at least; changes in between make one table",
       kActive,
       [&o](View value) -> std::optional<std::string> {
         const auto number = base::parse_int(value);
         if (!number || *number < 0 || *number > 60000) return "must be a number of milliseconds between 0 and 60000";
         o.table_interval = std::chrono::milliseconds(*number);
         return std::nullopt;
       }},
      {"sync-period", kDuration, "0", group, "Forced re-list interval", kNoop, {}},
      {"sync-rate-limit",
       kNumber,
       "0.3",
       group,
       "The original's limit of reloads a second; Weir never reloads",
       kNoop,
       {}},
      {"dynamic-configuration-retries",
       kInteger,
       "15",
       group,
       "The original's retries towards its data plane",
       kNoop,
       {}},
      {"disable-sync-events", kBoolean, "false", group, "Write no Sync events", kActive,
       to_opposite(o.status.sync_events)},
      {"enable-ssl-chain-completion",
       kBoolean,
       "false",
       group,
       "Fetch missing intermediate certificates",
       kPlanned,
       {}},
      {"publish-service", kText, "", group, "Service (namespace/name) whose addresses become the status of Ingresses",
       kActive, to_object(o.status.service)},
      {"publish-status-address", kList, "", group,
       "Addresses and host names for the status of Ingresses; excludes --publish-service", kActive,
       [&o](View value) -> std::optional<std::string> {
         o.status.addresses = base::split_list(value);
         return std::nullopt;
       }},
      {"update-status", kBoolean, "true", group, "Write the status of Ingresses, as the leader", kActive,
       to(o.status.update_status)},
      {"update-status-on-shutdown", kBoolean, "true", group, "Empty it at the end, if nobody else serves", kActive,
       to(o.status.clear_on_shutdown)},
      {"status-update-interval", kInteger, "60", group,
       "Seconds between two checks of what was not written; changes do not wait for it. At least 5", kActive,
       [&o](View value) -> std::optional<std::string> {
         const auto number = base::parse_int(value);
         if (!number || *number < 0 || *number > 86400) return "must be a number of seconds between 5 and 86400";
         o.status_interval = std::chrono::seconds(std::max<std::int64_t>(5, *number));
         return std::nullopt;
       }},
      {"report-node-internal-ip-address", kBoolean, "false", group,
       "Internal instead of external node addresses in the status", kActive, to(o.status.internal_addresses)},
      {"election-id", kText, "ingress-controller-leader", group,
       "Name of the Lease of the leader election; standalone only the `name` label of leader_election_status", kActive,
       to(o.election_id)},
      {"election-ttl", kDuration, "30s", group,
       "How long a leader stays one without renewing; it renews four times as often", kActive,
       to_election_ttl(o.election_ttl)},
      {"disable-leader-election", kBoolean, "false", group,
       "Take part in no election; the status is never written then", kActive, to_opposite(o.leader_election)},
      {"validating-webhook", kText, "", group, "Listen address of the admission webhook, :8443 for instance", kActive,
       to(o.webhook_address)},
      {"validating-webhook-certificate", kText, "", group, "Its certificate file", kActive, to(o.webhook_certificate)},
      {"validating-webhook-key", kText, "", group, "Its key file", kActive, to(o.webhook_key)},
      {"disable-full-test", kBoolean, "false", group,
       "At admission, look at the new Ingress alone, not at who owns its hosts and paths", kActive,
       to(o.webhook_alone)},
      {"maxmind-license-key", kText, "", group, "Key for GeoIP downloads", kPlanned, {}},
      {"maxmind-mirror", kText, "", group, "Where to download from instead", kPlanned, {}},
      {"maxmind-edition-ids", kText, "GeoLite2-City,GeoLite2-ASN", group, "What to download", kPlanned, {}},
      {"maxmind-retries-count", kInteger, "1", group, "Download attempts", kPlanned, {}},
      {"maxmind-retries-timeout", kDuration, "0s", group, "Time between them", kPlanned, {}},
  };
}

std::vector<Flag> metrics_flags(ServeOptions& o) {
  const std::string group = "Metrics";
  observe::RequestMetricsOptions& m = o.metrics;
  return {
      {"enable-metrics", kBoolean, "false", group, "Show request and controller metrics on /metrics", kActive,
       to(m.enabled)},
      {"metrics-per-host", kBoolean, "true", group, "Label `host`", kActive, to(m.per_host)},
      {"metrics-per-undefined-host", kBoolean, "false", group, "Also count requests for hosts that no rule names",
       kActive, to(m.per_undefined_host)},
      {"report-status-classes", kBoolean, "false", group, "Label `status` as 2xx, 3xx ...", kActive,
       to(m.status_classes)},
      {"time-buckets", kList, "0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10", group, "Bounds of durations, seconds",
       kActive, to_buckets(m.time_buckets)},
      {"length-buckets", kList, "10,20,30,40,50,60,70,80,90,100", group, "Bounds of request_size and response_size",
       kActive, to_buckets(m.length_buckets)},
      {"size-buckets", kList, "10,100,1000,10000,100000,1000000,10000000", group, "Bounds of bytes_sent", kActive,
       to_buckets(m.size_buckets)},
      {"bucket-factor", kNumber, "0", group, "Growth factor of native histograms", kPlanned, {}},
      {"max-buckets", kInteger, "100", group, "Most buckets of a native histogram", kPlanned, {}},
      {"exclude-socket-metrics", kList, "", group, "Request metrics to leave out", kActive,
       [&m](View value) -> std::optional<std::string> {
         m.excluded = base::split_list(value);
         return std::nullopt;
       }},
      {"monitor-max-batch-size",
       kInteger,
       "10000",
       group,
       "The original's batch of samples; Weir counts without batches",
       kNoop,
       {}},
  };
}

std::vector<Flag> process_flags(ServeOptions& o) {
  const std::string group = "Process and log";
  std::vector<Flag> flags{
      {"shutdown-grace-period", kInteger, "0", group, "Seconds between SIGTERM and the end of accepting", kActive,
       to_seconds(o.shutdown_grace)},
      {"post-shutdown-grace-period", kInteger, "10", group,
       "Seconds between the last request and the end of the process", kActive, to_seconds(o.post_shutdown_grace)},
      {"version", kBoolean, "false", group, "Print the version and exit", kActive, to(o.show_version)},
      {"logging-format", kText, "text", group, "Weir's own: text or json lines", kActive,
       [&o](View value) -> std::optional<std::string> {
         if (value != "text" && value != "json") return "must be text or json";
         o.log_style = value == "json" ? observe::LogStyle::json : observe::LogStyle::text;
         return std::nullopt;
       }},
      {"v", kInteger, "0", group, "Verbosity: 3 and more logs every detail", kActive,
       [&o](View value) -> std::optional<std::string> {
         o.log_level = *base::parse_int(value) >= 3 ? observe::LogLevel::debug : observe::LogLevel::info;
         return std::nullopt;
       },
       'v'},
  };
  // klog's flags about files and headers: the log always goes to stderr, in one layout.
  const std::pair<const char*, FlagType> klog[] = {
      {"vmodule", kText},           {"logtostderr", kBoolean},  {"alsologtostderr", kBoolean},
      {"stderrthreshold", kText},   {"log-file", kText},        {"log-dir", kText},
      {"log-backtrace-at", kText},  {"skip-headers", kBoolean}, {"skip-log-headers", kBoolean},
      {"add-dir-header", kBoolean}, {"one-output", kBoolean},   {"log-file-max-size", kInteger}};
  for (const auto& [name, type] : klog) {
    flags.push_back({name, type, "", group, "klog's flag of this name; the log goes to stderr", kNoop, {}});
  }
  return flags;
}

}  // namespace

std::vector<Flag> reading_flags(ServeOptions& options) {
  return object_flags(options);
}

std::vector<Flag> serve_flags(ServeOptions& options) {
  std::vector<Flag> all;
  for (auto group : {cluster_flags(options), object_flags(options), listening_flags(options), metrics_flags(options),
                     process_flags(options)}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

std::optional<std::string> check_combination(const ServeOptions& o) {
  if (o.metrics.per_undefined_host && !o.metrics.per_host) {
    return "--metrics-per-undefined-host needs --metrics-per-host";
  }
  if (!o.watch_namespace_selector.empty() && !o.model.watch_namespace.empty()) {
    return "--watch-namespace and --watch-namespace-selector exclude each other";
  }
  if (o.status.service && !o.status.addresses.empty()) {
    return "--publish-service and --publish-status-address exclude each other";
  }
  if (!o.model.health_check_path.starts_with('/')) return "--health-check-path must start with \"/\"";
  const std::pair<const char*, std::uint16_t> ports[] = {
      {"--http-port", o.model.http_port}, {"--https-port", o.model.https_port}, {"--healthz-port", o.healthz_port}};
  for (std::size_t i = 0; i < std::size(ports); ++i) {
    for (std::size_t j = i + 1; j < std::size(ports); ++j) {
      if (ports[i].second != 0 && ports[i].second == ports[j].second) {
        return std::string(ports[i].first) + " and " + ports[j].first + " are both " + std::to_string(ports[i].second);
      }
    }
  }
  return std::nullopt;
}

}  // namespace weir::app
