// Step 6 of life-of-a-request: the redirect from HTTP to HTTPS (location stop, spec 2.8).
#include "features/filter_order_entries.h"

namespace weir::features {
namespace {

using proxy::RequestContext;
using proxy::Verdict;

// Cut at the first ":", as the original does, but a bracketed IPv6 literal stays whole.
std::string_view without_port(std::string_view authority) {
  if (!authority.empty() && authority.front() == '[') {
    std::size_t end = authority.find(']');
    return end == std::string_view::npos ? authority : authority.substr(0, end + 1);
  }
  return authority.substr(0, authority.find(':'));
}

class HttpsRedirectFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "https-redirect"; }
  bool active(const Policies& policies) const override {
    return !policies.https_redirect.exempt && (policies.https_redirect.force || policies.https_redirect.ssl_redirect);
  }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    const HttpsRedirectPolicy& policy = request.policies().https_redirect;
    // Exactly "http": an X-Forwarded-Proto of "https,http" or "HTTPS" is no reason to redirect (spec 5.2).
    if (request.forwarded.scheme != "http") return Verdict::go_on;
    if (!policy.force && !(policy.ssl_redirect && request.table->host_has_certificate(request.head.host)))
      return Verdict::go_on;
    std::string_view target = request.head.target();
    if (!policy.preserve_trailing_slash && !target.empty() && target.back() == '/') target.remove_suffix(1);
    std::string to("https://");
    to += without_port(request.forwarded.host);
    if (policy.use_port) to.append(":").append(std::to_string(request.table->https_port));
    to += target;
    return request.redirect(request.settings().http_redirect_code, to, "https-redirect");
  }
};

}  // namespace

const proxy::Filter& https_redirect_filter() {
  static const HttpsRedirectFilter filter;
  return filter;
}

}  // namespace weir::features
