// What a location does to the request path: use-regex, rewrite-target, app-root, x-forwarded-prefix.
// Consumed by route (regex mode, captures) and features/rewrite/filter.cc (app-root, rewriting).
#pragma once

#include <string>

namespace weir::features {

struct RewritePolicy {
  bool use_regex = false;
  std::string target;            // rewrite-target; empty: off. May hold $1..$9
  std::string app_root;          // host-wide 302 for the path "/"; empty: off
  std::string forwarded_prefix;  // X-Forwarded-Prefix; sent only where a rewrite is effective (spec 5.1)

  bool operator==(const RewritePolicy&) const = default;
};

}  // namespace weir::features
