#include "features/annotation_sets.h"

namespace weir::features {
namespace {

constexpr auto kEnabled = field(&Policies::hsts, &HstsPolicy::enabled);
constexpr auto kSubdomains = field(&Policies::hsts, &HstsPolicy::include_subdomains);
constexpr auto kPreload = field(&Policies::hsts, &HstsPolicy::preload);
constexpr auto kMaxAge = field(&Policies::hsts, &HstsPolicy::max_age);

}  // namespace

// The original knows these as ConfigMap keys only; users' manifests carry them as annotations too.
AnnotationSet hsts_annotations() {
  return annotation_set("hsts", "HSTS",
                        {
                            spec("hsts", kEnabled, Scope::location, OnInvalid::use_default,
                                 "Strict-Transport-Security on HTTPS responses. An addition to the original.")
                                .settings("hsts"),
                            spec("hsts-include-subdomains", kSubdomains, Scope::location, OnInvalid::use_default,
                                 "`includeSubDomains` in Strict-Transport-Security. An addition to the original.")
                                .settings("hsts-include-subdomains"),
                            spec("hsts-max-age", kMaxAge, Scope::location, OnInvalid::use_default,
                                 "`max-age` of Strict-Transport-Security in seconds. An addition to the original.")
                                .syntax(syntax::digits("seconds"))
                                .settings("hsts-max-age"),
                            spec("hsts-preload", kPreload, Scope::location, OnInvalid::use_default,
                                 "`preload` in Strict-Transport-Security. An addition to the original.")
                                .settings("hsts-preload"),
                        });
}

}  // namespace weir::features
