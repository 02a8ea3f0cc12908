#include "features/annotation_sets.h"
#include "weir/base/cidr_set.h"

namespace weir::features {
namespace {

using ListMember = base::CidrSet IpAccessPolicy::*;

Spec address_range(std::string_view key, ListMember member, std::string_view settings_key, std::string_view doc) {
  return Spec(key, Support::exact, syntax::cidr_list(), Scope::location, OnInvalid::deny_location, doc)
      .risk(RiskLevel::medium)
      .empty(OnInvalid::deny_location)
      .unusable(OnInvalid::deny_location)
      .settings(settings_key)
      .apply([member](std::string_view value, Policies& into) -> std::optional<std::string> {
        base::ParsedCidrSet parsed = base::parse_cidr_set(value);
        if (!parsed.bad.empty()) return "has `" + parsed.bad + "`, which is neither an address nor a CIDR";
        if (parsed.set.empty()) return "names nobody";
        into.ip_access.*member = std::move(parsed.set);
        return std::nullopt;
      })
      .print([member](const Policies& from) { return (from.ip_access.*member).to_string(); });
}

}  // namespace

AnnotationSet ip_access_annotations() {
  return annotation_set(
      "ip_access", "Allowlist",
      {
          address_range("allowlist-source-range", &IpAccessPolicy::allow, "whitelist-source-range",
                        "403 for every client address that is not listed; replaces the ConfigMap's list.")
              .alias("whitelist-source-range"),
          address_range("denylist-source-range", &IpAccessPolicy::deny, "denylist-source-range",
                        "403 for the listed client addresses; replaces the ConfigMap's list.")
              .group("Denylist"),
      });
}

}  // namespace weir::features
