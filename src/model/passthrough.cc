#include "model/passthrough.h"

#include "model/report.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

constexpr const char* kKey = "ssl-passthrough";
constexpr const char* kGuarded = "ssl-passthrough-guarded";

void tell(HostDraft& draft, const std::vector<AcceptedPtr>& askers, const char* code, const std::string& text) {
  for (const AcceptedPtr& ingress : askers) {
    draft.diagnostics.push_back(diagnostic(Severity::warning, code, *ingress, kKey, text));
  }
}

bool is_exact_name(const std::string& host) {
  return host != kCatchAll && !host.starts_with('*');
}

// What has to be asked of each request. Lists of addresses are asked of the connection.
bool asks_for_credentials(const Host& host, const features::Policies& policies) {
  return policies.auth.on() || policies.external_auth.on() || !host.auth_tls.secret.empty();
}

// Rules that HTTPS clients do not reach any more, once for each of their Ingresses.
void tell_unreached_paths(HostDraft& draft, std::size_t root, const AcceptedSet& accepted) {
  std::map<kube::ObjectName, std::string> paths;
  for (std::size_t i = 0; i < draft.host.locations.size(); ++i) {
    const Location& location = draft.host.locations[i];
    if (i == root || location.implicit) continue;
    std::string& list = paths[{location.owner.ns, location.owner.ingress}];
    list.append(list.empty() ? "" : ", ").append(location.path);
  }
  for (const auto& [owner, list] : paths) {
    const auto found = accepted.ingresses.find(owner);
    if (found == accepted.ingresses.end()) continue;
    draft.diagnostics.push_back(diagnostic(
        Severity::warning, "ssl-passthrough-other-path", *found->second, kKey,
        "host \"" + draft.host.name + "\" passes TLS on unread: HTTPS clients never reach the rules for " + list));
  }
}

}  // namespace

void decide_passthrough(HostDraft& draft, const std::vector<AcceptedPtr>& askers, const MergeInput& input) {
  if (askers.empty()) return;
  Host& host = draft.host;
  const std::string name = "host \"" + host.name + "\"";
  if (!input.options.ssl_passthrough) {
    return tell(draft, askers, "ssl-passthrough-off",
                "has no effect without --enable-ssl-passthrough: the TLS connections of " + name + " end here");
  }
  if (!is_exact_name(host.name)) {
    return tell(draft, askers, "ssl-passthrough-ignored",
                "needs a host's full name; the TLS connections of " + name + " end here");
  }
  const auto root = std::find_if(host.locations.begin(), host.locations.end(), [](const Location& location) {
    return location.path == "/" && !location.owner.service.empty();
  });
  if (root == host.locations.end()) {
    return tell(draft, askers, "ssl-passthrough-ignored",
                name + " has no rule with the path \"/\" and a Service: its TLS connections end here");
  }
  if (!root->policies.deny.denied() && asks_for_credentials(host, root->policies)) {
    root->policies.deny.reason = kGuarded;
    root->policies.proxy.body_size = features::ProxyPolicy{}.body_size;
    return tell(draft, askers, kGuarded,
                name +
                    " asks clients for credentials (auth-*, global-auth-url), which nobody can do on connections that "
                    "are not read: its \"/\" answers 503 until one of the two is switched off");
  }
  if (root->policies.deny.denied()) {
    return tell(draft, askers, "ssl-passthrough-ignored",
                "\"/\" of " + name + " answers 503 (" + root->policies.deny.reason +
                    "): its TLS connections end here, so that clients see it");
  }
  const auto index = static_cast<std::size_t>(root - host.locations.begin());
  host.passthrough = index;
  tell_unreached_paths(draft, index, input.accepted);
}

}  // namespace weir::model
