// Names that hosts answer to besides their own: aliases (spec 1.1) and the extra hosts of from-to-www-redirect (2.10).
// Pure.
#pragma once

#include "model/host_entry.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace weir::model {

struct HostNames {
  std::map<std::string, Host> redirects;                    // extra hosts, by name
  std::map<std::string, std::vector<std::string>> aliases;  // of the hosts given, those that are served, sorted
};

// `special`: hosts with aliases or a redirect, sorted by name. `is_host`: whether a rule names this host.
HostNames settle_host_names(const std::vector<const HostEntry*>& special,
                            const std::function<bool(const std::string&)>& is_host, base::Diagnostics& diagnostics);

}  // namespace weir::model
