// ApiSource: fills a ClusterState from an API server and follows its changes (life-of-an-object, step 1). Never gives
// up: while the server is away the state stays as it was; when it is back, what changed meanwhile appears at once.
//
// Of Secrets and ConfigMaps only those are held that an Ingress, the global ConfigMap or a flag names; of the others
// only names. A new version of an Ingress appears together with the Secrets it names, or after a few seconds without
// them. What the server does not show is done without where that is possible (IngressClasses, Nodes, Pods, objects
// outside the watched namespace); v1 Endpoints stand in for EndpointSlices.
//
// Thread rule: the control thread; `on_change` too, never from within start(). Lifetime: the io_context and the client
// must outlive the source; destroying it ends all callbacks, but must not happen in one of them.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/kube/changes.h"
#include "weir/kube/cluster_state.h"
#include "weir/kube/objects.h"
#include "weir/watch/api_client.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace weir::watch {

struct ApiSourceOptions {
  std::string watch_namespace;     // empty: all
  std::string namespace_selector;  // only Ingresses of namespaces with these labels; excludes watch_namespace
  std::string annotations_prefix = "nginx.ingress.kubernetes.io";
  // Objects that flags name; watched also when they are outside watch_namespace.
  std::optional<kube::ObjectName> config_map;
  std::optional<kube::ObjectName> default_ssl_certificate;
  std::vector<kube::ObjectName> port_services;  // ConfigMaps of TCP and UDP services
  std::vector<kube::ObjectName> services;
  std::string pods_namespace;  // Pods there; empty: none
  bool nodes = false;
  std::chrono::milliseconds reference_wait{3000};
};

// Of one kind in one scope, for metrics.
struct WatchReport {
  std::string resource;  // "ingresses"
  bool synced = false;
  bool denied = false;
  std::uint64_t objects = 0;  // known, whether held or not
  std::uint64_t lists = 0;
  std::uint64_t watches = 0;
  std::uint64_t failures = 0;
  std::uint64_t skipped = 0;
  std::chrono::milliseconds deaf{0};  // how long changes have not been heard of; 0: a watch is open
};

class ApiSource {
 public:
  ApiSource(boost::asio::io_context& context, ApiClient& client, ApiSourceOptions options,
            std::function<void()> on_change);
  ~ApiSource();
  ApiSource(const ApiSource&) = delete;
  ApiSource& operator=(const ApiSource&) = delete;

  void start();
  // Everything that can be known is known; from then on `on_change` runs, the first time for that.
  bool synced() const;
  // False: the server does not show IngressClasses. Meaningful when synced.
  bool classes_readable() const;
  // Kinds that are still waited for, for the log.
  std::vector<std::string> missing() const;

  // Objects keep their address while they keep their version. Valid until the next change.
  const kube::ClusterState& state() const;
  // Which objects may be other than at the last call; at the first one, everything.
  kube::Changes take_changes();
  // Objects that are no good. Code: "object-invalid".
  base::Diagnostics diagnostics() const;
  std::vector<WatchReport> report() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::watch
