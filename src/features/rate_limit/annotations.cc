#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

namespace weir::features {
namespace {

constexpr std::int64_t kTooManyConnections = 65536;

std::optional<std::string> check_connections(std::string_view value) {
  if (base::parse_int(value).value_or(0) >= kTooManyConnections) return "is above 65535";
  return std::nullopt;
}

Spec limit(std::string_view key, OnInvalid on_invalid, std::string_view default_text, std::string_view doc) {
  return plan(key, syntax::integer(), Scope::location, on_invalid, doc)
      .default_text(default_text)
      .asks([](std::string_view value) { return base::parse_int(value).value_or(0) != 0; });
}

}  // namespace

AnnotationSet rate_limit_annotations() {
  return annotation_set(
      "rate_limit", "RateLimit",
      {
          limit("limit-connections", OnInvalid::refuse_object, "0", "Concurrent requests per client; 0 is off.")
              .unusable(OnInvalid::deny_location)
              .check(check_connections),
          limit("limit-rps", OnInvalid::refuse_object, "0", "Requests a second per client; 0 is off."),
          limit("limit-rpm", OnInvalid::refuse_object, "0", "Requests a minute per client; 0 is off."),
          limit("limit-burst-multiplier", OnInvalid::use_default, "5", "Burst is the limit times this."),
          plan("limit-allowlist", syntax::cidr_list(), Scope::location, OnInvalid::refuse_object,
               "Client addresses that are never limited.")
              .alias("limit-whitelist"),
          limit("limit-rate", OnInvalid::use_default, "0", "Kilobytes a second of a response; 0 is no limit.")
              .settings("limit-rate"),
          limit("limit-rate-after", OnInvalid::use_default, "0", "Kilobytes sent at full speed first.")
              .settings("limit-rate-after"),
      });
}

}  // namespace weir::features
