// Step 6 of life-of-a-request: from-to-www-redirect (host stop), permanent and temporal redirects (location stop).
#include "features/filter_order_entries.h"

namespace weir::features {
namespace {

using proxy::RequestContext;
using proxy::Verdict;

// Spec 2.10: the port is always printed; one trailing slash of the raw target goes.
class WwwRedirectFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "www-redirect"; }
  bool active(const Policies& policies) const override { return policies.redirect.from_to_www; }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    const std::string& host = request.host->www_redirect_to;
    if (host.empty()) return Verdict::go_on;
    // Only a trusted X-Forwarded-Port moves the port; the 443 that X-Forwarded-Port shows upstream is not meant here.
    std::string port = std::to_string(request.connection->local_port);
    if (request.forwarded.trusted) {
      std::string_view said = request.head.fields.get(http::FieldId::forwarded_port);
      if (!said.empty()) port = said;
    }
    std::string_view target = request.head.target();
    if (!target.empty() && target.back() == '/') target.remove_suffix(1);
    std::string to(request.forwarded.scheme);
    to.append("://").append(host).append(":").append(port).append(target);
    return request.redirect(request.settings().http_redirect_code, to, "www-redirect");
  }
};

class RedirectFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "redirect"; }
  bool active(const Policies& policies) const override { return !policies.redirect.url.empty(); }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    const RedirectPolicy& policy = request.policies().redirect;
    if (policy.url.empty()) return Verdict::go_on;
    bool keep_relative = policy.relative || request.settings().relative_redirects;
    return request.redirect(policy.code, policy.url, "redirect", keep_relative);
  }
};

}  // namespace

const proxy::Filter& www_redirect_filter() {
  static const WwwRedirectFilter filter;
  return filter;
}

const proxy::Filter& redirect_filter() {
  static const RedirectFilter filter;
  return filter;
}

}  // namespace weir::features
