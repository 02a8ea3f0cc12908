#include "route/host_tls.h"

#include <string>
#include <utility>

namespace weir::route {
namespace {

constexpr int kClosed = 503;

// `problem`: "annotation: text".
base::Diagnostic host_problem(const model::Host& host, const std::string& problem, std::string consequence) {
  const std::size_t colon = problem.find(": ");
  base::Diagnostic diagnostic;
  diagnostic.code = "host-tls-broken";
  for (const model::Location& location : host.locations) {
    if (location.owner.ingress.empty()) continue;
    diagnostic.object = {"Ingress", location.owner.ns, location.owner.ingress};
    break;
  }
  diagnostic.key = problem.substr(0, colon);
  diagnostic.text = "host " + host.name + ": " + problem.substr(colon + 2) + "; " + std::move(consequence);
  return diagnostic;
}

}  // namespace

void add_host_tls(const model::Host& from, Host& to, PatternCache& patterns, base::Diagnostics& diagnostics) {
  features::AuthTlsPolicy clients = from.auth_tls;
  features::SslPolicy ssl = from.ssl;
  const auto close_host = [&](const std::string& problem, const char* reason) {
    diagnostics.push_back(
        host_problem(from, problem, std::string("every request to it is answered with 503 (") + reason + ")"));
    clients.refuse_status = kClosed;
    clients.refuse_reason = reason;
    clients.material = nullptr;
  };
  PathPatternPtr match_cn;
  if (!clients.match_cn.empty() && clients.refuse_status == 0) {
    auto compiled = patterns.get("(?-i)" + clients.match_cn);  // patterns of this module are caseless by themselves
    if (compiled) {
      match_cn = *compiled;
    } else {
      close_host("auth-tls-match-cn: is no regular expression (" + compiled.error().text() + ")",
                 "auth-tls-match-cn-invalid");
    }
  }
  const bool wanted = clients.material || !ssl.ciphers.empty() || ssl.prefer_server_ciphers.has_value();
  for (int tries = 0; wanted && tries < 3; ++tries) {
    auto made = tls::make_host_tls(clients, ssl);
    if (made) {
      to.tls = *made;
      break;
    }
    const std::string problem = made.error().text();
    if (problem.starts_with("ssl-ciphers")) {
      diagnostics.push_back(host_problem(from, problem, "the ciphers of the ConfigMap are used"));
      ssl.ciphers.clear();
    } else {
      close_host(problem, "auth-tls-secret-broken");
    }
  }
  if (clients.secret.empty()) return;
  auto auth = std::make_shared<ClientAuth>();
  auth->policy = std::move(clients);
  auth->match_cn = std::move(match_cn);
  to.client_auth = std::move(auth);
}

}  // namespace weir::route
