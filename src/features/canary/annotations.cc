#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

namespace weir::features {
namespace {

constexpr auto kEnabled = field(&Policies::canary, &CanaryPolicy::enabled);

Spec canary(std::string_view key, const Syntax& syntax, std::string_view doc) {
  return plan(key, syntax, Scope::upstream, OnInvalid::use_default, doc).needs("canary");
}

// Conditions without `canary: "true"` leave an ordinary Ingress (spec 1.5).
void finish(SetView& view) {
  if (view.into.canary.enabled) return;
  const auto weight = view.value("canary-weight");
  if (weight && base::parse_int(*weight).value_or(0) > 0) {
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
          spec("canary", kEnabled, Scope::upstream, OnInvalid::use_default,
               "The Ingress only offers an alternative backend: it makes no hosts or paths. It gets no requests yet.")
              .support(Support::planned)
              .unusable(OnInvalid::use_default)
              .asks_when_true(),
          canary("canary-weight", syntax::integer(), "Share of the requests.").default_text("0"),
          canary("canary-weight-total", syntax::integer(), "What canary-weight is a share of, if above 100.")
              .default_text("100"),
          canary("canary-by-header", syntax::basic(), "Header that decides.").risk(RiskLevel::medium),
          canary("canary-by-header-value", syntax::basic(), "Value it must have.").risk(RiskLevel::medium),
          canary("canary-by-header-pattern", syntax::regex(syntax::Blanks::kept), "Expression it must match.")
              .risk(RiskLevel::medium),
          canary("canary-by-cookie", syntax::basic(), "Cookie that decides.").risk(RiskLevel::medium),
      },
      finish);
}

}  // namespace weir::features
