// May this request be tried again on another endpoint? (life-of-a-request, step 8; spec 3.5.) A pure decision.
#pragma once

#include "weir/features/proxy/policy.h"
#include "weir/upstream/failure.h"

#include <cstddef>
#include <cstdint>

namespace weir::upstream {

struct RetryFacts {
  int attempts = 0;  // made so far
  std::size_t endpoints = 1;
  std::uint64_t elapsed_ms = 0;  // since the first attempt began
  bool idempotent = true;
  bool sent = false;                  // some bytes of the last attempt may have reached the endpoint
  bool replayable = true;             // the body, if there is one, can be sent from its start
  bool retry_non_idempotent = false;  // the ConfigMap's switch
};

// `failure` of the last attempt, or Failure::none and the status of its answer.
bool may_retry(const features::ProxyPolicy& policy, Failure failure, int status, const RetryFacts& facts);

// Is this status one that could be retried at all? Decides whether the response head is held back.
bool is_retry_status(const features::ProxyPolicy& policy, int status);

}  // namespace weir::upstream
