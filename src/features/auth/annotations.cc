#include "features/annotation_sets.h"
#include "features/auth/external_rows.h"

#include <algorithm>

namespace weir::features {
namespace {

std::optional<std::string> check_realm(std::string_view value) {
  // In the original the realm "off" silently switches authentication off (spec 10.11).
  if (value == "off") return "is `off`, which would switch authentication off";
  return std::nullopt;
}

// As the original has it: exactly `basic` is basic, anything else that it accepts is digest.
std::optional<std::string> read_type(std::string_view value, Policies& into) {
  (value == "basic" ? into.auth.basic : into.auth.digest) = true;
  return std::nullopt;
}

std::optional<std::string> read_secret_type(std::string_view value, Policies& into) {
  if (value != "auth-file" && value != "auth-map") return "is neither auth-file nor auth-map";
  into.auth.map = value == "auth-map";
  return std::nullopt;
}

std::optional<std::string> read_satisfy(std::string_view value, Policies& into) {
  if (value != "any" && value != "all") return "is neither any nor all";
  into.auth.any = value == "any";
  return std::nullopt;
}

std::optional<std::string> check_secret(std::string_view value) {
  const std::size_t slash = value.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const bool ok = slash != 0 && slash + 1 < value.size() && value.find('/', slash + 1) == std::string_view::npos;
  if (!ok) return "is neither `name` nor `namespace/name`";
  return std::nullopt;
}

std::vector<Spec> basic_rows() {
  return {
      spec("auth-type", field(&Policies::auth, &AuthPolicy::basic), Scope::location, OnInvalid::refuse_object,
           "Basic or digest authentication.")
          .syntax(syntax::containing("basic or digest", {"basic", "digest"}))
          .default_text("")
          .apply(read_type)
          .print([](const Policies& from) {
            return std::string(from.auth.basic ? "basic" : from.auth.digest ? "digest" : "");
          }),
      spec("auth-secret", field(&Policies::auth, &AuthPolicy::secret), Scope::location, OnInvalid::deny_location,
           "Secret with the credentials, `name` or `namespace/name`. Missing or unreadable, its paths answer 503.")
          .syntax(syntax::basic())
          .risk(RiskLevel::medium)
          .empty(OnInvalid::deny_location)
          .needs("auth-type")
          .check(check_secret),
      spec("auth-secret-type", field(&Policies::auth, &AuthPolicy::map), Scope::location, OnInvalid::refuse_object,
           "Layout of the Secret: one htpasswd or htdigest text, or a key for each user.")
          .syntax(syntax::containing("auth-file or auth-map", {"auth-file", "auth-map"}))
          .default_text("auth-file")
          .apply(read_secret_type)
          .print([](const Policies& from) { return std::string(from.auth.map ? "auth-map" : "auth-file"); })
          .needs("auth-type"),
      spec("auth-realm", field(&Policies::auth, &AuthPolicy::realm), Scope::location, OnInvalid::refuse_object,
           "Realm of the challenge, and of the lines of htdigest that count. `off` answers 503 instead of switching "
           "authentication off.")
          .syntax(syntax::basic_with_blanks())
          .risk(RiskLevel::medium)
          .needs("auth-type")
          .check(check_realm),
      spec("satisfy", field(&Policies::auth, &AuthPolicy::any), Scope::location, OnInvalid::use_default,
           "Whether one or all of address lists, basic or digest, and external authentication must agree.")
          .syntax(syntax::one_of("any or all", {"any", "all"}))
          .group("Satisfy")
          .default_text("all")
          .apply(read_satisfy)
          .print([](const Policies& from) { return std::string(from.auth.any ? "any" : "all"); }),
  };
}

// Without credentials nobody could be let in (spec 1.2).
void require_secret(SetView& view) {
  if (!view.into.auth.on() || !view.into.auth.secret.empty()) return;
  if (view.is_rejected("auth-secret") || view.is_empty("auth-secret")) return;  // told already
  view.deny("auth-secret", "is missing");
}

}  // namespace

AnnotationSet auth_annotations() {
  std::vector<Spec> specs = basic_rows();
  for (const Spec& one : external_auth_rows()) specs.push_back(one);
  return annotation_set("auth", "BasicDigestAuth", specs, [](SetView& view) {
    require_secret(view);
    read_external_auth(view);
  });
}

}  // namespace weir::features
