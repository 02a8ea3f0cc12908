#include "model/host_names.h"

#include "model/gates.h"
#include "model/report.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;
using IsHost = std::function<bool(const std::string&)>;

// "www.x" for x and x for "www.x".
std::string other_name(const std::string& host) {
  return host.starts_with("www.") ? host.substr(4) : "www." + host;
}

// The extra host that only redirects to the one that asked for it. Of two hosts asking for one name the first in name
// order gets it.
void add_redirect(const HostEntry& wanting, const IsHost& is_host, std::map<std::string, Host>& redirects,
                  base::Diagnostics& diagnostics) {
  const std::string& target = wanting.name;
  const std::string from = other_name(target);
  const auto skip = [&](const std::string& why) {
    diagnostics.push_back(diagnostic(Severity::warning, "www-redirect-skipped", *wanting.www_owner,
                                     "from-to-www-redirect", "host \"" + target + "\" gets no redirect: " + why));
  };
  if (!is_rule_host(from) || from.find('*') != std::string::npos) return skip("it has no other name");
  if (is_host(from)) return skip("\"" + from + "\" is a host of its own");
  Host host;
  host.name = from;
  host.www_redirect_to = target;
  host.has_tls = wanting.host->has_tls;
  host.tls = wanting.host->tls;
  if (!redirects.emplace(from, std::move(host)).second) skip("\"" + from + "\" already redirects to another host");
}

// The aliases that are not taken. `taken` grows by those that stay; hosts come in name order, so the first one wins.
std::vector<std::string> settle_aliases(const HostEntry& entry, const IsHost& is_host,
                                        std::unordered_set<std::string>& taken, base::Diagnostics& diagnostics) {
  std::vector<std::string> kept;
  for (const std::string& alias : entry.aliases) {
    const bool is_pattern = alias.starts_with('~');
    std::string name = is_pattern ? alias : base::to_lower(alias);
    if (name == entry.name) continue;
    const bool is_own_host = is_host(name);
    if (!is_own_host && taken.insert(name).second) {
      kept.push_back(std::move(name));
      continue;
    }
    if (std::find(kept.begin(), kept.end(), name) != kept.end()) continue;
    diagnostics.push_back(diagnostic(Severity::warning, "alias-taken", *entry.alias_owner, "server-alias",
                                     "\"" + name + "\" is not taken as an alias of \"" + entry.name + "\": it is " +
                                         (is_own_host ? "a host of its own" : "already another name of another host")));
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace

HostNames settle_host_names(const std::vector<const HostEntry*>& special, const IsHost& is_host,
                            base::Diagnostics& diagnostics) {
  HostNames names;
  for (const HostEntry* entry : special) {
    if (entry->www_owner) add_redirect(*entry, is_host, names.redirects, diagnostics);
  }
  std::unordered_set<std::string> taken;
  for (const auto& redirect : names.redirects) taken.insert(redirect.first);
  for (const HostEntry* entry : special) {
    if (entry->aliases.empty()) continue;
    names.aliases.emplace(entry->name, settle_aliases(*entry, is_host, taken, diagnostics));
  }
  return names;
}

}  // namespace weir::model
