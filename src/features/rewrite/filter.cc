// Step 6 of life-of-a-request: app-root (host stop) and rewrite-target (location stop).
#include "features/filter_order_entries.h"

#include "weir/http/normalize.h"

namespace weir::features {
namespace {

using proxy::RequestContext;
using proxy::Verdict;

// Spec 1.1: the redirect goes to the real scheme and the Host header as received, whatever was forwarded; the query is
// dropped.
class AppRootFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "app-root"; }
  bool active(const Policies& policies) const override { return !policies.rewrite.app_root.empty(); }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    const VariableText& root = request.host->app_root;
    if (root.empty() || request.path != "/") return Verdict::go_on;
    std::string to(request.connection->https ? "https://" : "http://");
    to.append(request.head.authority);
    request.expand(root, to);
    return request.redirect(302, to, "app-root");
  }
};

// Spec 2.5: the whole path becomes the target with the captures filled in and is escaped again; the query is kept. The
// path that later filters see stays the one the location was chosen by.
class RewriteFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "rewrite"; }
  bool active(const Policies& policies) const override { return !policies.rewrite.target.empty(); }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    if (!request.location->rewrites) return Verdict::go_on;
    std::string path;
    request.expand(request.policies().rewrite.target, path);
    request.target.clear();
    if (path.empty() || path.front() != '/') request.target += '/';
    http::escape_path(path, request.target);
    request.target += request.query();
    request.forwarded_prefix.clear();
    request.expand(request.policies().rewrite.forwarded_prefix, request.forwarded_prefix);
    return Verdict::go_on;
  }
};

}  // namespace

const proxy::Filter& app_root_filter() {
  static const AppRootFilter filter;
  return filter;
}

const proxy::Filter& rewrite_filter() {
  static const RewriteFilter filter;
  return filter;
}

}  // namespace weir::features
