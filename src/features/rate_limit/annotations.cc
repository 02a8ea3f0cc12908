#include "features/annotation_sets.h"
#include "weir/base/ascii.h"
#include "weir/base/cidr_set.h"

#include <algorithm>
#include <limits>

namespace weir::features {
namespace {

constexpr std::int64_t kTooManyConnections = 65536;
constexpr std::int64_t kLargestLimit = 1'000'000'000;   // a request a nanosecond: more than can ever come
constexpr std::int64_t kLargestMultiplier = 1'000'000;  // keeps limit x multiplier x period within 64 bits
constexpr std::int64_t kKilobyte = 1024;

using LimitMember = int RateLimitPolicy::*;
using SpeedMember = std::uint64_t RateLimitPolicy::*;

std::optional<std::string> check_connections(std::string_view value) {
  if (base::parse_int(value).value_or(0) >= kTooManyConnections) return "is above 65535";
  return std::nullopt;
}

// Values of 0 and less are off (spec 4.5).
Spec limit(std::string_view key, LimitMember member, std::string_view doc) {
  return Spec(key, Support::exact, syntax::integer(), Scope::location, OnInvalid::refuse_object, doc)
      .unusable(OnInvalid::deny_location)
      .apply([member](std::string_view value, Policies& into) -> std::optional<std::string> {
        const std::optional<std::int64_t> number = base::parse_int(value);
        if (!number) return "is no whole number";
        into.rate_limit.*member = static_cast<int>(std::clamp<std::int64_t>(*number, 0, kLargestLimit));
        return std::nullopt;
      })
      .print([member](const Policies& from) { return std::to_string(from.rate_limit.*member); });
}

std::optional<std::string> read_multiplier(std::string_view value, Policies& into) {
  const std::optional<std::int64_t> number = base::parse_int(value);
  if (!number) return "is no whole number";
  if (*number < 0) return "is negative";
  into.rate_limit.burst_multiplier = static_cast<int>(std::min(*number, kLargestMultiplier));
  return std::nullopt;
}

Spec kilobytes(std::string_view key, SpeedMember member, std::string_view doc) {
  return Spec(key, Support::exact, syntax::integer(), Scope::location, OnInvalid::use_default, doc)
      .settings(key)
      .apply([member](std::string_view value, Policies& into) -> std::optional<std::string> {
        const std::optional<std::uint64_t> bytes = kilobytes_to_bytes(value);
        if (!bytes) return "is no number of kilobytes";
        into.rate_limit.*member = *bytes;
        return std::nullopt;
      })
      .print([member](const Policies& from) { return std::to_string(from.rate_limit.*member / kKilobyte); });
}

std::optional<std::string> read_allow(std::string_view value, Policies& into) {
  base::ParsedCidrSet parsed = base::parse_cidr_set(value);
  if (!parsed.bad.empty()) return "has `" + parsed.bad + "`, which is neither an address nor a CIDR";
  into.rate_limit.allow = std::move(parsed.set);
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> kilobytes_to_bytes(std::string_view value) {
  const std::optional<std::int64_t> number = base::parse_int(value);
  if (!number) return std::nullopt;
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(*number, 0, kLargestLimit) * kKilobyte);
}

AnnotationSet rate_limit_annotations() {
  return annotation_set(
      "rate_limit", "RateLimit",
      {
          limit("limit-connections", &RateLimitPolicy::connections, "Concurrent requests per client; 0 is off.")
              .check(check_connections),
          limit("limit-rps", &RateLimitPolicy::rps, "Requests a second per client; 0 is off."),
          limit("limit-rpm", &RateLimitPolicy::rpm, "Requests a minute per client; 0 is off."),
          Spec("limit-burst-multiplier", Support::exact, syntax::integer(), Scope::location, OnInvalid::use_default,
               "Burst is the limit times this.")
              .apply(read_multiplier)
              .print([](const Policies& from) { return std::to_string(from.rate_limit.burst_multiplier); }),
          Spec("limit-allowlist", Support::exact, syntax::cidr_list(), Scope::location, OnInvalid::refuse_object,
               "Client addresses that are never limited.")
              .alias("limit-whitelist")
              .apply(read_allow)
              .print([](const Policies& from) { return from.rate_limit.allow.to_string(); }),
          kilobytes("limit-rate", &RateLimitPolicy::rate, "Kilobytes a second of a response; 0 is no limit."),
          kilobytes("limit-rate-after", &RateLimitPolicy::rate_after, "Kilobytes sent at full speed first."),
      });
}

}  // namespace weir::features
