// Step 6 of life-of-a-request: clients that ask for more than an Ingress gives them (spec 4.5; stop: live backend).
// Concurrent requests, requests a second, requests a minute: all must pass, and one that does not counts for none of
// the rates. The key is the Ingress and the client, whatever location or worker.
#include "features/filter_order_entries.h"
#include "weir/proxy/limit_table.h"

#include <chrono>

namespace weir::features {
namespace {

using proxy::LimitTable;
using proxy::RequestContext;
using proxy::Verdict;
using Kind = LimitTable::Kind;

struct Rate {
  Kind kind;
  std::chrono::nanoseconds period;  // between two requests; 0: no limit
  std::uint64_t burst;
};

Rate rate_of(Kind kind, int limit, std::chrono::nanoseconds span, int multiplier) {
  if (limit <= 0) return {kind, std::chrono::nanoseconds(0), 0};
  return {kind, span / limit, static_cast<std::uint64_t>(limit) * static_cast<std::uint64_t>(multiplier)};
}

class RateLimitFilter final : public proxy::Filter {
 public:
  std::string_view name() const override { return "rate-limit"; }
  bool active(const Policies& policies) const override { return policies.rate_limit.limits_requests(); }

  net::MaybeTask<Verdict> on_request(RequestContext& request) const override {
    const RateLimitPolicy& policy = request.policies().rate_limit;
    if (policy.allow.contains(request.forwarded.address)) return Verdict::go_on;
    std::string text;
    const std::string_view client = request.limit_client(text);
    if (client.empty()) return Verdict::go_on;  // nobody to count
    LimitTable& table = *request.limits;
    const auto key_of = [&](Kind kind) {
      return table.key_of(kind, request.location->ns, request.location->ingress, client);
    };

    // A request that was redirected internally counts once (as nginx does it).
    if (policy.connections > 0 && !request.limit_hold.held()) {
      const LimitTable::Key key = key_of(Kind::connections);
      if (!table.enter(key, static_cast<std::uint64_t>(policy.connections))) {
        return request.reply(request.settings().limit_conn_status, "limit-connections");
      }
      request.limit_hold = proxy::LimitHold(table, key);
    }
    if (request.rates_counted) return Verdict::go_on;
    request.rates_counted = policy.rps > 0 || policy.rpm > 0;
    const Rate second = rate_of(Kind::rps, policy.rps, std::chrono::seconds(1), policy.burst_multiplier);
    const Rate minute = rate_of(Kind::rpm, policy.rpm, std::chrono::minutes(1), policy.burst_multiplier);
    const LimitTable::Key second_key = second.period.count() > 0 ? key_of(Kind::rps) : 0;
    if (second_key != 0 && !table.take(second_key, second.period, second.burst)) {
      return request.reply(request.settings().limit_req_status, "limit-rps");
    }
    if (minute.period.count() == 0) return Verdict::go_on;
    if (!table.take(key_of(Kind::rpm), minute.period, minute.burst)) {
      if (second_key != 0) table.give_back(second_key, second.period);
      return request.reply(request.settings().limit_req_status, "limit-rpm");
    }
    return Verdict::go_on;
  }
};

}  // namespace

const proxy::Filter& rate_limit_filter() {
  static const RateLimitFilter filter;
  return filter;
}

}  // namespace weir::features
