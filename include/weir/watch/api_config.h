// ApiConfig: where the API server is, whom to trust and who we are; read from the Pod's service account, a kubeconfig
// or flags. Values; nothing is connected here. Files named in it are read again while Weir runs (api_client.h).
//
// Order: --apiserver-host; --kubeconfig; the service account of the Pod; $KUBECONFIG. TLS is always verified unless
// both the kubeconfig and a flag say otherwise. Secrets in it are never logged.
#pragma once

#include "weir/base/result.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir::watch {

// A credential plugin of a kubeconfig (client.authentication.k8s.io).
struct ExecPlugin {
  std::string api_version;
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  bool provide_cluster_info = false;
  std::string install_hint;
};

struct ApiConfig {
  bool tls = true;
  std::string host;  // name or address, IPv6 without brackets
  std::uint16_t port = 443;
  std::string base_path;    // before every path; "" or "/k8s/clusters/c-1"
  std::string server_name;  // verified instead of `host`; empty: `host`

  std::string ca_pem;       // one of the two; both empty: the system's authorities
  std::string ca_file;      // read again for each new connection
  bool insecure = false;    // the server is not verified
  std::string client_cert;  // PEM; or a file, read again for each new connection
  std::string client_key;
  std::string client_cert_file;
  std::string client_key_file;

  std::string token;       // used when there is no token_file, or until it can be read
  std::string token_file;  // read again every minute
  std::string username;
  std::string password;
  std::optional<ExecPlugin> exec;

  std::string ns;      // the namespace of the context; may be empty
  std::string source;  // "the service account", "context kind of /root/.kube/config": for the log
};

// What the command line says.
struct ApiFlags {
  std::string apiserver_host;         // --apiserver-host: "https://10.0.0.1:6443", "http://...", "10.0.0.1:8080"
  std::string certificate_authority;  // --certificate-authority, only with --apiserver-host
  std::string kubeconfig;             // --kubeconfig
  std::string context;                // --context; empty: current-context
  bool allow_insecure = false;        // insecure-skip-tls-verify of a kubeconfig is accepted
};

// The environment, for tests.
struct ApiEnvironment {
  std::function<std::optional<std::string>(const char* name)> variable;  // nullopt: not set
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";

  static ApiEnvironment of_process();
};

// Blocking (reads files); main thread at start. The error says what to change.
base::Result<ApiConfig> load_api_config(const ApiFlags& flags, const ApiEnvironment& environment);

// A host for a URL or a Host field: IPv6 in brackets, the port unless it is the scheme's.
std::string authority_of(const ApiConfig& config);

}  // namespace weir::watch
