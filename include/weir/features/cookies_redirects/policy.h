// Rewriting of Location, Refresh and Set-Cookie of the upstream (spec 1.6): proxy-redirect-from/-to,
// proxy-cookie-domain, proxy-cookie-path. Consumed by features/cookies_redirects/filter.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::features {

struct CookiesRedirectsPolicy {
  std::string redirect_from = "off";  // "off", "default", or what Location and Refresh begin with
  std::string redirect_to = "off";
  std::string cookie_domain = "off";  // "off", or "from to"
  std::string cookie_path = "off";    // "off", or "from to"

  // `default` and a missing replacement stand for a rule about names that no upstream here answers with (spec 10.26).
  bool edits_redirects() const { return redirect_from != "off" && redirect_from != "default" && redirect_to != "off"; }
  bool edits_cookies() const { return cookie_domain != "off" || cookie_path != "off"; }
  bool any() const { return edits_redirects() || edits_cookies(); }
  bool operator==(const CookiesRedirectsPolicy&) const = default;
};

// What is wrong with a value of proxy-cookie-domain or -path, of proxy-redirect-from; nullopt: nothing.
std::optional<std::string> check_cookie_edit(std::string_view value);
std::optional<std::string> check_redirect_from(std::string_view value);

}  // namespace weir::features
