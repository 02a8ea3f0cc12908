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
  // Broken in the original unless the annotations they belong to are there (spec 3.4).
  const std::string& algorithm = view.into.balance.algorithm;
  if (view.value("load-balance") && algorithm != "round_robin" && algorithm != "ewma" && algorithm != "least_conn") {
    view.into.balance.algorithm = "round_robin";
    view.fall_back("load-balance", "is what upstream-hash-by and affinity ask for; by itself it means round_robin");
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
               "How endpoints are chosen: in turn, by the lower score of response times (ewma), or by the fewest "
               "requests under way (least_conn, Weir's own). The other names mean round_robin.")
              .syntax(syntax::one_of(
                  "round_robin, ewma, least_conn, chash, chashsubset, sticky_balanced or sticky_persistent",
                  {"round_robin", "ewma", "least_conn", "chash", "chashsubset", "sticky_balanced",
                   "sticky_persistent"}))
              .default_text("round_robin")
              .settings("load-balance"),
      },
      finish);
}

}  // namespace weir::features
