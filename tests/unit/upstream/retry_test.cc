#include "weir/upstream/retry.h"

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

using features::ProxyPolicy;

RetryFacts after_one_attempt() {
  RetryFacts facts;
  facts.attempts = 1;
  facts.endpoints = 2;
  facts.sent = true;
  return facts;
}

TEST(Retry, ErrorsAndTimeoutsAreRetriedByDefaultOtherFailuresAreNot) {
  const ProxyPolicy policy;

  EXPECT_TRUE(may_retry(policy, Failure::connect_failed, 0, after_one_attempt()));
  EXPECT_TRUE(may_retry(policy, Failure::closed_early, 0, after_one_attempt()));
  EXPECT_TRUE(may_retry(policy, Failure::read_timeout, 0, after_one_attempt()));
  EXPECT_FALSE(may_retry(policy, Failure::invalid_header, 0, after_one_attempt()));
  EXPECT_FALSE(may_retry(policy, Failure::client_aborted, 0, after_one_attempt()));
  EXPECT_FALSE(may_retry(policy, Failure::no_descriptors, 0, after_one_attempt()));
  EXPECT_FALSE(may_retry(policy, Failure::none, 503, after_one_attempt()));
}

TEST(Retry, ListedStatusCodesAreRetried) {
  ProxyPolicy policy;
  policy.next_upstream = features::kRetry503 | features::kRetry404;

  EXPECT_TRUE(may_retry(policy, Failure::none, 503, after_one_attempt()));
  EXPECT_TRUE(may_retry(policy, Failure::none, 404, after_one_attempt()));
  EXPECT_FALSE(may_retry(policy, Failure::none, 500, after_one_attempt()));
  EXPECT_FALSE(may_retry(policy, Failure::connect_failed, 0, after_one_attempt()));
}

TEST(Retry, OffWinsOverEverythingListedBesideIt) {
  ProxyPolicy policy;
  policy.next_upstream = features::kRetryOff | features::kRetryError;

  EXPECT_FALSE(may_retry(policy, Failure::connect_failed, 0, after_one_attempt()));
  EXPECT_FALSE(is_retry_status(policy, 503));
}

TEST(Retry, ANonIdempotentRequestIsNotRepeatedOnceItWasSent) {
  const ProxyPolicy policy;
  RetryFacts facts = after_one_attempt();
  facts.idempotent = false;

  EXPECT_FALSE(may_retry(policy, Failure::receive_failed, 0, facts));
  facts.sent = false;
  EXPECT_TRUE(may_retry(policy, Failure::connect_failed, 0, facts));
}

TEST(Retry, ANonIdempotentRequestIsRepeatedWhereThatIsAllowed) {
  ProxyPolicy policy;
  RetryFacts facts = after_one_attempt();
  facts.idempotent = false;
  facts.retry_non_idempotent = true;
  EXPECT_TRUE(may_retry(policy, Failure::receive_failed, 0, facts));

  facts.retry_non_idempotent = false;
  policy.next_upstream |= features::kRetryNonIdempotent;
  EXPECT_TRUE(may_retry(policy, Failure::receive_failed, 0, facts));
}

TEST(Retry, TriesCountAllAttempts) {
  ProxyPolicy policy;
  policy.next_upstream_tries = 2;
  RetryFacts facts = after_one_attempt();

  EXPECT_TRUE(may_retry(policy, Failure::connect_failed, 0, facts));
  facts.attempts = 2;
  EXPECT_FALSE(may_retry(policy, Failure::connect_failed, 0, facts));
}

TEST(Retry, WithoutALimitOfTriesADeadBackendStillEndsTheRequest) {
  ProxyPolicy policy;
  policy.next_upstream_tries = 0;
  RetryFacts facts = after_one_attempt();
  facts.attempts = 7;

  EXPECT_TRUE(may_retry(policy, Failure::connect_failed, 0, facts));
  facts.attempts = 8;
  EXPECT_FALSE(may_retry(policy, Failure::connect_failed, 0, facts));
}

TEST(Retry, TheTimeBudgetEndsRetries) {
  ProxyPolicy policy;
  policy.next_upstream_timeout = std::chrono::milliseconds(1000);
  RetryFacts facts = after_one_attempt();
  facts.elapsed_ms = 999;

  EXPECT_TRUE(may_retry(policy, Failure::connect_failed, 0, facts));
  facts.elapsed_ms = 1000;
  EXPECT_FALSE(may_retry(policy, Failure::connect_failed, 0, facts));
}

TEST(Retry, ABodyThatIsGoneCannotBeSentAgain) {
  RetryFacts facts = after_one_attempt();
  facts.replayable = false;

  EXPECT_FALSE(may_retry(ProxyPolicy{}, Failure::connect_failed, 0, facts));
}

}  // namespace
}  // namespace weir::upstream
