// Step 2 of life-of-a-request, where TLS is passed on unread: choosing an endpoint and connecting to it.
#include "weir/upstream/raw_connection.h"

#include "upstream/connect.h"
#include "weir/upstream/retry.h"

namespace weir::upstream {

net::Task<Failure> connect_raw(Runtime& runtime, const RawPlan& plan, RawConnection& out) {
  RetryFacts facts;
  facts.endpoints = plan.endpoints.size();
  const std::uint64_t began_ms = runtime.reactor.now_ms();
  for (;;) {
    const route::Endpoint& endpoint = runtime.balancer.next(plan.backend->id, plan.endpoints);
    out.tries.push_back({endpoint.text, -1});
    const std::int64_t tried_us = runtime.reactor.now_us();
    const net::Address address = address_of(endpoint);
    const int result = co_await net::Sock::connect(runtime.reactor, address, plan.policy->connect_timeout, out.sock);
    if (result > 0) {
      out.tries.back().connect_us = runtime.reactor.now_us() - tried_us;
      co_return Failure::none;
    }
    const Failure failure = failure_of_connect(result);
    ++facts.attempts;
    facts.elapsed_ms = runtime.reactor.now_ms() - began_ms;
    if (!may_retry(*plan.policy, failure, 0, facts)) co_return failure;
  }
}

}  // namespace weir::upstream
