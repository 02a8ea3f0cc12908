// A connection to one endpoint of a backend, for bytes that are passed on unread (spec 4.13, 4.14): chosen round robin,
// tried again elsewhere as proxy-next-upstream says.
//
// Thread rule: one worker. Lifetime: what is handed over by reference outlives the Task.
#pragma once

#include "weir/features/proxy/policy.h"
#include "weir/net/sock.h"
#include "weir/net/task.h"
#include "weir/route/routing_table.h"
#include "weir/upstream/exchange.h"
#include "weir/upstream/failure.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace weir::upstream {

struct RawPlan {
  const route::Backend* backend = nullptr;
  std::span<const route::Endpoint> endpoints;     // not empty
  const features::ProxyPolicy* policy = nullptr;  // proxy-connect-timeout, proxy-next-upstream*
};

struct RawTry {
  std::string endpoint;
  std::int64_t connect_us = -1;  // -1: it failed
};

struct RawConnection {
  net::SockPtr sock;          // null: none could be made
  std::vector<RawTry> tries;  // for the log; empty: there was no endpoint to try

  std::string endpoint() const { return tries.empty() ? std::string() : tries.back().endpoint; }
};

// none: `out.sock` is connected.
net::Task<Failure> connect_raw(Runtime& runtime, const RawPlan& plan, RawConnection& out);

}  // namespace weir::upstream
