// Rewriting of Location, Refresh and Set-Cookie of the upstream (spec 1.6): proxy-redirect-from/-to,
// proxy-cookie-domain, proxy-cookie-path. Consumed by features/cookies_redirects/filter.cc.
#pragma once

#include <string>

namespace weir::features {

struct CookiesRedirectsPolicy {
  std::string redirect_from = "off";  // "off", "default", or what Location and Refresh begin with
  std::string redirect_to = "off";
  std::string cookie_domain = "off";  // "off", or "from to"
  std::string cookie_path = "off";    // "off", or "from to"

  bool any() const { return redirect_from != "off" || cookie_domain != "off" || cookie_path != "off"; }
  bool operator==(const CookiesRedirectsPolicy&) const = default;
};

}  // namespace weir::features
