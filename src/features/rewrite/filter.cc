// Step 6 of life-of-a-request: app-root (host stop) and rewrite-target (location stop).
#include "features/filter_order_entries.h"

#include "weir/http/normalize.h"

#include <optional>
#include <string>
#include <string_view>

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

// A target that begins like this is where the client is sent (ngx_http_rewrite_module).
bool is_redirect(std::string_view target) {
  return target.starts_with("http://") || target.starts_with("https://") || target.starts_with("$scheme");
}

// In front of the query, nginx unescapes what it has built, but for what may not stand in a URL.
void unescape_redirect(std::string& url) {
  std::string out;
  std::size_t at = 0;
  while (at < url.size() && url[at] != '?') {
    const std::optional<char> byte = http::unescape_at(url, at);
    if (byte && *byte > '%' && *byte < 0x7f) {
      out += *byte;
      at += 3;
      if (*byte == '?') break;
    } else {
      out += url[at++];
    }
  }
  url = out.append(url, at);
}

// Spec 2.5: the whole path becomes the target with the captures filled in and is escaped again; the query is kept. The
// path that later filters see stays the one the location was chosen by.
class RewriteFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "rewrite"; }
  bool active(const Policies& policies) const override { return !policies.rewrite.target.empty(); }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    if (!request.location->rewrites) return Verdict::go_on;
    if (is_redirect(request.policies().rewrite.target.source())) return send_away(request);
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

 private:
  static Verdict send_away(RequestContext& request) {
    std::string to;
    request.expand_url(request.policies().rewrite.target, to);
    unescape_redirect(to);
    if (request.query().size() > 1) to += request.query();
    return request.redirect(302, to, "rewrite-redirect");
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
