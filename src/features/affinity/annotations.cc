#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <cstdint>
#include <optional>

namespace weir::features {
namespace {

template <class Value>
Spec cookie(std::string_view key, Value AffinityPolicy::*member, std::string_view doc) {
  return spec(key, field(&Policies::affinity, member), Scope::upstream, OnInvalid::use_default, doc)
      .unusable(OnInvalid::use_default)
      .needs("affinity");
}

// Seconds, maybe negative, maybe not set.
Spec seconds(std::string_view key, std::optional<std::int64_t> AffinityPolicy::*member, std::string_view doc) {
  return Spec(key, Support::exact, syntax::integer(), Scope::upstream, OnInvalid::use_default, doc)
      .apply([member](std::string_view value, Policies& into) -> std::optional<std::string> {
        const std::optional<std::int64_t> parsed = base::parse_int(value);
        if (!parsed) return "is out of bounds";
        into.affinity.*member = *parsed;
        return std::nullopt;
      })
      .print([member](const Policies& from) {
        const std::optional<std::int64_t>& value = from.affinity.*member;
        return value ? std::to_string(*value) : std::string();
      })
      .risk(RiskLevel::medium)
      .needs("affinity");
}

// A choice of words for a bool.
Spec choice(std::string_view key, const Syntax& syntax, bool AffinityPolicy::*member, std::string_view yes,
            std::string_view no, std::string_view doc) {
  return Spec(key, Support::exact, syntax, Scope::upstream, OnInvalid::use_default, doc)
      .apply([member, yes, no](std::string_view value, Policies& into) -> std::optional<std::string> {
        if (value != yes && value != no) return "is not known";
        into.affinity.*member = value == yes;
        return std::nullopt;
      })
      .print([member, yes, no](const Policies& from) { return std::string(from.affinity.*member ? yes : no); });
}

}  // namespace

AnnotationSet affinity_annotations() {
  using syntax::Blanks;
  return annotation_set(
      "affinity", "SessionAffinity",
      {
          choice("affinity", syntax::one_of("cookie", {"cookie"}), &AffinityPolicy::cookie, "cookie", "",
                 "Sticky sessions by a cookie."),
          cookie("affinity-mode", &AffinityPolicy::mode,
                 "balanced: new endpoints take over a share of the sessions; persistent: they take over none.")
              .syntax(syntax::one_of("balanced or persistent", {"balanced", "persistent"}))
              .default_text("balanced")
              .risk(RiskLevel::medium),
          choice("affinity-canary-behavior", syntax::one_of("sticky or legacy", {"sticky", "legacy"}),
                 &AffinityPolicy::canary_sticky, "sticky", "legacy",
                 "Whether canaries keep their sessions; read from the canary Ingress.")
              .default_text("sticky"),
          cookie("session-cookie-name", &AffinityPolicy::name, "Name of the cookie.")
              .syntax(syntax::basic())
              .risk(RiskLevel::medium),
          cookie("session-cookie-path", &AffinityPolicy::path,
                 "Path; the rule's path by default, which in regex mode is a pattern and fits no request.")
              .syntax(syntax::url(Blanks::removed))
              .risk(RiskLevel::medium),
          cookie("session-cookie-domain", &AffinityPolicy::domain, "Domain.")
              .syntax(syntax::basic())
              .risk(RiskLevel::medium),
          seconds("session-cookie-expires", &AffinityPolicy::expires, "Expires: now plus these seconds."),
          seconds("session-cookie-max-age", &AffinityPolicy::max_age, "Max-Age in seconds."),
          cookie("session-cookie-samesite", &AffinityPolicy::same_site,
                 "SameSite; sent only if written `None`, `Lax` or `Strict`.")
              .syntax(syntax::one_of("None, Lax or Strict", {"none", "lax", "strict"}, syntax::Case::ignored)),
          cookie("session-cookie-conditional-samesite-none", &AffinityPolicy::conditional_same_site_none,
                 "Leaves SameSite=None out for browsers that misread it."),
          cookie("session-cookie-secure", &AffinityPolicy::secure, "Secure also on plain HTTP; on HTTPS it always is."),
          cookie("session-cookie-change-on-failure", &AffinityPolicy::change_on_failure,
                 "Another endpoint and cookie after a failed try; else it is tried again."),
      });
}

}  // namespace weir::features
