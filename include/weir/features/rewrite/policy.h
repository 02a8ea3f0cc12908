// What a location does to the request path: use-regex, rewrite-target, app-root, x-forwarded-prefix.
// Consumed by route (regex mode, captures) and features/rewrite/filter.cc (app-root, rewriting).
#pragma once

#include "weir/features/variables.h"

namespace weir::features {

struct RewritePolicy {
  bool use_regex = false;
  VariableText target;            // rewrite-target; empty: off. http://, https:// or $scheme in front: a 302 to it
  VariableText app_root;          // host-wide 302 for the path "/"; empty: off
  VariableText forwarded_prefix;  // X-Forwarded-Prefix; sent only where a rewrite is effective (spec 5.1)

  bool operator==(const RewritePolicy&) const = default;
};

}  // namespace weir::features
