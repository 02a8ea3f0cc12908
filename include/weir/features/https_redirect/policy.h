// ssl-redirect, force-ssl-redirect, preserve-trailing-slash, use-port-in-redirects (spec 2.8).
#pragma once

namespace weir::features {

struct HttpsRedirectPolicy {
  bool ssl_redirect = true;
  bool force = false;
  bool preserve_trailing_slash = false;
  bool use_port = false;
  bool exempt = false;  // rule path starts with one of no-tls-redirect-locations; set by model/build.cc

  bool operator==(const HttpsRedirectPolicy&) const = default;
};

}  // namespace weir::features
