// Step 8 of life-of-a-request: the retry rule.
#include "weir/upstream/retry.h"

#include <algorithm>

namespace weir::upstream {
namespace {

std::uint32_t bit_of_status(int status) {
  switch (status) {
    case 500:
      return features::kRetry500;
    case 502:
      return features::kRetry502;
    case 503:
      return features::kRetry503;
    case 504:
      return features::kRetry504;
    case 403:
      return features::kRetry403;
    case 404:
      return features::kRetry404;
    case 429:
      return features::kRetry429;
    default:
      return 0;
  }
}

// proxy-next-upstream-tries 0 means "no limit": every endpoint twice, but never an endless loop against a dead backend.
int most_attempts(const features::ProxyPolicy& policy, std::size_t endpoints) {
  if (policy.next_upstream_tries > 0) return policy.next_upstream_tries;
  return static_cast<int>(std::clamp<std::size_t>(2 * endpoints, 8, 64));
}

}  // namespace

bool is_retry_status(const features::ProxyPolicy& policy, int status) {
  return (policy.next_upstream & features::kRetryOff) == 0 && (policy.next_upstream & bit_of_status(status)) != 0;
}

bool may_retry(const features::ProxyPolicy& policy, Failure failure, int status, const RetryFacts& facts) {
  if ((policy.next_upstream & features::kRetryOff) != 0) return false;
  std::uint32_t bit = failure == Failure::none ? bit_of_status(status) : info(failure).retry;
  if ((policy.next_upstream & bit) == 0 || !facts.replayable) return false;
  if (facts.sent && !facts.idempotent && !facts.retry_non_idempotent &&
      (policy.next_upstream & features::kRetryNonIdempotent) == 0) {
    return false;
  }
  if (facts.attempts >= most_attempts(policy, facts.endpoints)) return false;
  auto limit = static_cast<std::uint64_t>(policy.next_upstream_timeout.count());
  return limit == 0 || facts.elapsed_ms < limit;
}

}  // namespace weir::upstream
