#include "model/host_names.h"

#include "model/gates.h"
#include "model/report.h"
#include "weir/base/ascii.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace weir::model {
namespace {

using base::Severity;

// "www.x" for x and x for "www.x".
std::string other_name(const std::string& host) {
  return host.starts_with("www.") ? host.substr(4) : "www." + host;
}

using Names = std::unordered_set<std::string_view>;

// The extra hosts; each only redirects to the host that asked for it.
std::vector<Host> redirect_hosts(const std::vector<HostDraft*>& drafts, const Names& hosts,
                                 base::Diagnostics& diagnostics) {
  std::map<std::string, Host> extra;  // by name: of two hosts asking for one name the first in name order gets it
  for (const HostDraft* wanting : drafts) {
    const HostDraft& draft = *wanting;
    if (draft.www_owner == nullptr) continue;
    const std::string& target = draft.host.name;
    const std::string from = other_name(target);
    const auto skip = [&](const std::string& why) {
      diagnostics.push_back(diagnostic(Severity::warning, "www-redirect-skipped", *draft.www_owner,
                                       "from-to-www-redirect", "host \"" + target + "\" gets no redirect: " + why));
    };
    if (!is_rule_host(from) || from.find('*') != std::string::npos) {
      skip("it has no other name");
    } else if (hosts.count(from) != 0) {
      skip("\"" + from + "\" is a host of its own");
    } else {
      Host host;
      host.name = from;
      host.www_redirect_to = target;
      host.has_tls = draft.host.has_tls;
      host.tls = draft.host.tls;
      if (!extra.emplace(from, std::move(host)).second) skip("\"" + from + "\" already redirects to another host");
    }
  }
  std::vector<Host> result;
  result.reserve(extra.size());
  for (auto& [name, host] : extra) result.push_back(std::move(host));
  return result;
}

// Drops aliases that are taken. `taken` grows by those that stay; hosts come in name order, so the first one wins.
void settle_aliases(HostDraft& draft, const Names& hosts, std::unordered_set<std::string>& taken,
                    base::Diagnostics& diagnostics) {
  std::vector<std::string> kept;
  for (std::string& alias : draft.host.aliases) {
    const bool is_pattern = alias.starts_with('~');
    std::string name = is_pattern ? std::move(alias) : base::to_lower(alias);
    if (name == draft.host.name) continue;
    const bool is_host = hosts.count(name) != 0;
    if (!is_host && taken.insert(name).second) {
      kept.push_back(std::move(name));
      continue;
    }
    if (std::find(kept.begin(), kept.end(), name) != kept.end()) continue;
    diagnostics.push_back(diagnostic(Severity::warning, "alias-taken", *draft.alias_owner, "server-alias",
                                     "\"" + name + "\" is not taken as an alias of \"" + draft.host.name +
                                         "\": it is " +
                                         (is_host ? "a host of its own" : "already another name of another host")));
  }
  std::sort(kept.begin(), kept.end());
  draft.host.aliases = std::move(kept);
}

}  // namespace

std::vector<Host> finish_hosts(std::deque<HostDraft> drafts, base::Diagnostics& diagnostics) {
  std::vector<HostDraft*> sorted;
  sorted.reserve(drafts.size());
  bool special = false;  // aliases or redirects: nothing to settle without them
  for (HostDraft& draft : drafts) {
    sorted.push_back(&draft);
    special = special || draft.www_owner != nullptr || !draft.host.aliases.empty();
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const HostDraft* a, const HostDraft* b) { return a->host.name < b->host.name; });

  std::vector<Host> result;
  if (special) {
    Names hosts;
    hosts.reserve(drafts.size());
    for (const HostDraft& draft : drafts) hosts.insert(draft.host.name);
    result = redirect_hosts(sorted, hosts, diagnostics);
    std::unordered_set<std::string> taken;
    for (const Host& host : result) taken.insert(host.name);
    for (HostDraft* draft : sorted) {
      if (!draft->host.aliases.empty()) settle_aliases(*draft, hosts, taken, diagnostics);
    }
  }
  const std::size_t extra = result.size();
  result.reserve(extra + drafts.size());
  for (HostDraft* draft : sorted) result.push_back(std::move(draft->host));
  if (extra != 0) {
    std::sort(result.begin(), result.end(), [](const Host& a, const Host& b) { return a.name < b.name; });
  }
  return result;
}

}  // namespace weir::model
