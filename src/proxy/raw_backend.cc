// Step 2 of life-of-a-request, where bytes are passed on unread: a connection to an endpoint.
#include "proxy/raw_backend.h"

#include <vector>

namespace weir::proxy {

using upstream::Failure;

net::Task<Failure> connect_backend(Worker& worker, const route::Backend& backend, const features::ProxyPolicy& policy,
                                   upstream::RawConnection& out) {
  std::vector<route::Endpoint> resolved;
  upstream::RawPlan plan{&backend, backend.endpoints, &policy};
  if (!backend.external_name.empty()) {
    const upstream::AddressList found = co_await worker.resolver().resolve(backend.external_name);
    if (!found || found->empty()) co_return Failure::resolve_failed;
    worker.add_resolved(*found, backend.external_port, resolved);
    plan.endpoints = resolved;
  }
  if (plan.endpoints.empty()) co_return Failure::no_endpoints;
  co_return co_await upstream::connect_raw(worker.upstream(), plan, out);
}

}  // namespace weir::proxy
