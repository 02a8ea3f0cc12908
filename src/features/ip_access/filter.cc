// Step 6 of life-of-a-request: 403 for clients that a location does not serve (stop: live backend), and for those that
// no host serves (stop: host) (spec 4.6).
#include "features/filter_order_entries.h"

namespace weir::features {
namespace {

using proxy::RequestContext;
using proxy::Verdict;

class IpAccessFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "ip-access"; }
  bool active(const Policies& policies) const override { return policies.ip_access.any(); }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    if (request.policies().ip_access.admits(request.forwarded.address)) return Verdict::go_on;
    // satisfy any: authentication, which comes next, may still let the client in.
    const Policies& policies = request.policies();
    if (policies.auth.any && (policies.auth.on() || policies.external_auth.on()) && policies.ip_access.has_lists())
      return Verdict::go_on;
    return request.reply(403, "address-not-allowed");
  }
};

// A list that could not be compiled keeps everybody out with 503: see route/client_blocks.h.
class ClientBlockFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "client-block"; }
  bool active(const Policies&) const override { return true; }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    if (!request.table->blocks) return Verdict::go_on;
    const http::Fields& fields = request.head.fields;
    const std::string_view reason = request.lookup->find_block(*request.table, fields.get(http::FieldId::user_agent),
                                                               fields.get(http::FieldId::referer));
    if (reason.empty()) return Verdict::go_on;
    return request.reply(reason.ends_with("-invalid") ? 503 : 403, reason);
  }
};

}  // namespace

const proxy::Filter& ip_access_filter() {
  static const IpAccessFilter filter;
  return filter;
}

const proxy::Filter& client_block_filter() {
  static const ClientBlockFilter filter;
  return filter;
}

}  // namespace weir::features
