#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

namespace weir::features {
namespace {

constexpr auto kEnabled = field(&Policies::canary, &CanaryPolicy::enabled);

template <class Value>
Spec canary(std::string_view key, Value CanaryPolicy::*member, std::string_view doc) {
  return spec(key, field(&Policies::canary, member), Scope::upstream, OnInvalid::use_default, doc)
      .unusable(OnInvalid::use_default)
      .needs("canary");
}

// Conditions without `canary: "true"` leave an ordinary Ingress (spec 1.5).
void finish(SetView& view) {
  if (view.into.canary.enabled) return;
  if (view.into.canary.weight > 0) {
    view.drop_group("canary-weight", "is set while canary is not true; the object is served as an ordinary one");
    return;
  }
  for (const std::string_view key :
       {"canary-by-header", "canary-by-header-value", "canary-by-header-pattern", "canary-by-cookie"}) {
    if (!view.value(key)) continue;
    view.drop_group(key, "is set while canary is not true; the object is served as an ordinary one");
    return;
  }
}

}  // namespace

AnnotationSet canary_annotations() {
  return annotation_set(
      "canary", "Canary",
      {
          spec(
              "canary", kEnabled, Scope::upstream, OnInvalid::use_default,
              "The Ingress only offers an alternative backend to rules of other Ingresses: it makes no hosts or paths.")
              .unusable(OnInvalid::use_default)
              .asks_when_true(),
          canary("canary-weight", &CanaryPolicy::weight, "Share of the requests that no other rule decides."),
          canary("canary-weight-total", &CanaryPolicy::weight_total, "What canary-weight is a share of, if above 100."),
          canary("canary-by-header", &CanaryPolicy::header,
                 "Header that decides: `always`, `never`, or what -value and -pattern say.")
              .syntax(syntax::basic())
              .risk(RiskLevel::medium),
          canary("canary-by-header-value", &CanaryPolicy::header_value, "Value that the header must have.")
              .syntax(syntax::basic())
              .risk(RiskLevel::medium),
          canary("canary-by-header-pattern", &CanaryPolicy::header_pattern,
                 "Expression that must match somewhere in the header, without canary-by-header-value.")
              .syntax(syntax::regex(syntax::Blanks::kept))
              .risk(RiskLevel::medium),
          canary("canary-by-cookie", &CanaryPolicy::cookie, "Cookie that decides: `always` or `never`.")
              .syntax(syntax::basic())
              .risk(RiskLevel::medium),
      },
      finish);
}

}  // namespace weir::features
