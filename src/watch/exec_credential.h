// Runs a credential plugin of a kubeconfig and reads its answer (client.authentication.k8s.io, ExecCredential). The
// plugin's stderr is ours; its stdin is empty. Control thread; nothing blocks.
#pragma once

#include "weir/base/result.h"
#include "weir/watch/api_config.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace weir::watch {

struct ExecCredential {
  std::string token;
  std::string client_cert;  // PEM
  std::string client_key;
  std::optional<std::chrono::seconds> expires;  // since 1970; absent: until the server refuses it
};

// What a plugin wrote.
base::Result<ExecCredential> read_exec_credential(std::string_view output, const std::string& api_version);

// What a plugin finds in KUBERNETES_EXEC_INFO.
std::string exec_info(const ExecPlugin& plugin, const ApiConfig& config);

// Ends the plugin after `limit`.
boost::asio::awaitable<base::Result<ExecCredential>> run_exec_plugin(const ExecPlugin& plugin, const ApiConfig& config,
                                                                     std::chrono::milliseconds limit);

}  // namespace weir::watch
