#include "features/annotation_sets.h"

namespace weir::features {
namespace {

constexpr auto kService = field(&Policies::balance, &BalancePolicy::service_upstream);
constexpr auto kAlgorithm = field(&Policies::balance, &BalancePolicy::algorithm);

// A bad service-upstream means false, not the ConfigMap's value (spec 1.5).
void finish(SetView& view) {
  if (view.is_rejected("service-upstream") || view.is_empty("service-upstream")) {
    view.into.balance.service_upstream = false;
  }
  const auto algorithm = view.value("load-balance");
  if (algorithm && *algorithm != "round_robin") {
    view.planned("load-balance", "only round_robin is implemented; endpoints are chosen by it");
  }
}

}  // namespace

AnnotationSet balance_annotations() {
  return annotation_set(
      "balance", "LoadBalancing",
      {
          spec("service-upstream", kService, Scope::upstream, OnInvalid::use_default,
               "The Service's cluster address is the only endpoint. A bad value means false.")
              .group("ServiceUpstream")
              .settings("service-upstream"),
          spec("load-balance", kAlgorithm, Scope::upstream, OnInvalid::refuse_object,
               "How endpoints are chosen. Only round_robin is implemented; the other names fall back to it.")
              .syntax(syntax::one_of(
                  "round_robin, ewma, chash, chashsubset, sticky_balanced or sticky_persistent",
                  {"round_robin", "ewma", "chash", "chashsubset", "sticky_balanced", "sticky_persistent"}))
              .default_text("round_robin")
              .settings("load-balance"),
      },
      finish);
}

}  // namespace weir::features
