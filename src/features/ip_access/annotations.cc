#include "features/annotation_sets.h"

namespace weir::features {
namespace {

Spec list(std::string_view key, std::string_view settings_key, std::string_view doc) {
  return plan(key, syntax::cidr_list(), Scope::location, OnInvalid::deny_location, doc)
      .risk(RiskLevel::medium)
      .empty(OnInvalid::deny_location)
      .settings(settings_key)
      .protects();
}

}  // namespace

AnnotationSet ip_access_annotations() {
  return annotation_set("ip_access", "Allowlist",
                        {
                            list("allowlist-source-range", "whitelist-source-range",
                                 "403 for every client address that is not listed; replaces the ConfigMap's list.")
                                .alias("whitelist-source-range"),
                            list("denylist-source-range", "denylist-source-range",
                                 "403 for the listed client addresses; replaces the ConfigMap's list.")
                                .group("Denylist"),
                        });
}

}  // namespace weir::features
