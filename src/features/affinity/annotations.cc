#include "features/annotation_sets.h"

namespace weir::features {
namespace {

Spec cookie(std::string_view key, const Syntax& syntax, std::string_view default_text, std::string_view doc) {
  return plan(key, syntax, Scope::upstream, OnInvalid::use_default, doc).default_text(default_text).needs("affinity");
}

}  // namespace

AnnotationSet affinity_annotations() {
  using syntax::Blanks;
  return annotation_set(
      "affinity", "SessionAffinity",
      {
          plan("affinity", syntax::one_of("cookie", {"cookie"}), Scope::upstream, OnInvalid::use_default,
               "Sticky sessions by a cookie."),
          cookie("affinity-mode", syntax::one_of("balanced or persistent", {"balanced", "persistent"}), "balanced",
                 "Whether new endpoints take over sessions.")
              .risk(RiskLevel::medium),
          cookie("affinity-canary-behavior", syntax::one_of("sticky or legacy", {"sticky", "legacy"}), "sticky",
                 "Whether canaries keep their sessions; read from the canary Ingress."),
          cookie("session-cookie-name", syntax::basic(), "INGRESSCOOKIE", "Name of the cookie.")
              .risk(RiskLevel::medium),
          cookie("session-cookie-path", syntax::url(Blanks::removed), "", "Path; the rule's path by default.")
              .risk(RiskLevel::medium),
          cookie("session-cookie-domain", syntax::basic(), "", "Domain.").risk(RiskLevel::medium),
          cookie("session-cookie-expires", syntax::integer(), "", "Expires: now plus these seconds.")
              .risk(RiskLevel::medium),
          cookie("session-cookie-max-age", syntax::integer(), "", "Max-Age in seconds.").risk(RiskLevel::medium),
          cookie("session-cookie-samesite",
                 syntax::one_of("None, Lax or Strict", {"none", "lax", "strict"}, syntax::Case::ignored), "",
                 "SameSite."),
          cookie("session-cookie-conditional-samesite-none", syntax::boolean(), "false",
                 "Leaves SameSite=None out for browsers that misread it."),
          cookie("session-cookie-secure", syntax::boolean(), "", "Secure also on plain HTTP."),
          cookie("session-cookie-change-on-failure", syntax::boolean(), "false",
                 "Another endpoint and cookie after a failed try."),
      });
}

}  // namespace weir::features
