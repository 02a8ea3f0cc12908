#include "weir/watch/api_config.h"

#include "watch/kubeconfig.h"
#include "weir/base/ascii.h"

#include <cstdlib>

namespace weir::watch {
namespace {

// An IPv6 address is the only host with a colon.
std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

base::Result<ApiConfig> of_flags(const ApiFlags& flags) {
  ApiConfig config;
  if (const auto set = set_server(config, flags.apiserver_host, "--apiserver-host"); !set) return set.error();
  config.source = "--apiserver-host";
  config.ca_file = flags.certificate_authority;
  if (!config.ca_file.empty() && !config.tls) {
    return base::fail("--certificate-authority has no meaning for --apiserver-host " + flags.apiserver_host +
                      "; use https://");
  }
  if (!config.ca_file.empty()) {
    if (const auto readable = read_small_file(config.ca_file); !readable) {
      return base::fail("--certificate-authority: " + readable.error().text());
    }
  }
  return config;
}

base::Result<ApiConfig> of_service_account(const ApiEnvironment& environment, const std::string& host) {
  ApiConfig config;
  config.source = "the service account of the Pod";
  const std::string port = environment.variable("KUBERNETES_SERVICE_PORT").value_or("443");
  if (const auto set = set_server(config, "https://" + bracketed(host) + ":" + port,
                                  "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT");
      !set) {
    return set.error();
  }
  config.token_file = environment.service_account + "/token";
  config.ca_file = environment.service_account + "/ca.crt";
  if (const auto token = read_small_file(config.token_file); !token) {
    return base::fail("the token of the service account: " + token.error().text() +
                      "; does the Pod have automountServiceAccountToken: false?");
  }
  if (const auto ca = read_small_file(config.ca_file); !ca) {
    return base::fail("the CA of the service account: " + ca.error().text());
  }
  if (const auto ns = read_small_file(environment.service_account + "/namespace")) {
    config.ns = std::string(base::trim(*ns));
  }
  return config;
}

std::vector<std::string> split_paths(const std::string& list) {
  std::vector<std::string> paths;
  std::size_t start = 0;
  while (start <= list.size()) {
    const std::size_t end = std::min(list.find(':', start), list.size());
    if (end > start) paths.push_back(list.substr(start, end - start));
    start = end + 1;
  }
  return paths;
}

}  // namespace

ApiEnvironment ApiEnvironment::of_process() {
  ApiEnvironment environment;
  environment.variable = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (!value || *value == '\0') return std::nullopt;
    return std::string(value);
  };
  return environment;
}

base::Result<ApiConfig> load_api_config(const ApiFlags& flags, const ApiEnvironment& environment) {
  if (!flags.certificate_authority.empty() && flags.apiserver_host.empty()) {
    return base::fail("--certificate-authority needs --apiserver-host; a kubeconfig names its own");
  }
  if (!flags.apiserver_host.empty() && flags.kubeconfig.empty()) return of_flags(flags);
  if (!flags.kubeconfig.empty()) {
    auto config = load_kubeconfig({flags.kubeconfig}, flags.context, false, flags.allow_insecure);
    // As the original has it, the address may be given apart from the credentials.
    if (!config || flags.apiserver_host.empty()) return config;
    if (const auto set = set_server(*config, flags.apiserver_host, "--apiserver-host"); !set) return set.error();
    if (!flags.certificate_authority.empty()) {
      config->ca_pem.clear();
      config->ca_file = flags.certificate_authority;
    }
    return config;
  }
  if (const auto host = environment.variable("KUBERNETES_SERVICE_HOST")) return of_service_account(environment, *host);
  if (const auto list = environment.variable("KUBECONFIG")) {
    return load_kubeconfig(split_paths(*list), flags.context, true, flags.allow_insecure);
  }
  return base::fail(
      "no API server is known: this is no Pod (KUBERNETES_SERVICE_HOST is not set), and none of --kubeconfig, "
      "$KUBECONFIG and --apiserver-host is given; for files instead of a cluster use --manifests");
}

std::string authority_of(const ApiConfig& config) {
  const std::string host = bracketed(config.host);
  return config.port == (config.tls ? 443 : 80) ? host : host + ":" + std::to_string(config.port);
}

}  // namespace weir::watch
