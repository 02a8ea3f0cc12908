// Redirects that end a request in its location: permanent-redirect, temporal-redirect; and from-to-www-redirect, which
// makes an extra host (model/build.cc).
#pragma once

#include <string>

namespace weir::features {

struct RedirectPolicy {
  std::string url;  // empty: off. temporal wins over permanent (spec 1.1)
  int code = 301;
  bool temporal = false;  // `url` and `code` come from temporal-redirect
  bool relative = false;  // relative-redirects: a target that is a path stays relative
  bool from_to_www = false;

  bool operator==(const RedirectPolicy&) const = default;
};

}  // namespace weir::features
