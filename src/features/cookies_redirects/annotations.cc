#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

namespace weir::features {
namespace {

constexpr std::string_view kTokenCharacters = "-._~/:";

std::vector<std::string> words(std::string_view value) {
  return base::split_list(value, ' ');
}

// `off`, or two tokens.
bool is_cookie_domain(std::string_view value) {
  if (value == "off") return true;
  if (value.empty() || value.front() == ' ' || value.back() == ' ' || words(value).size() != 2) return false;
  for (const char c : value) {
    if (!base::is_alnum(c) && c != ' ' && kTokenCharacters.find(c) == std::string_view::npos) return false;
  }
  return true;
}

using EditMember = std::string CookiesRedirectsPolicy::*;

Spec edit(std::string_view key, EditMember member, const Syntax& syntax, std::string_view doc) {
  return spec(key, field(&Policies::cookies_redirects, member), Scope::location, OnInvalid::use_default, doc)
      .syntax(syntax)
      .risk(RiskLevel::medium)
      .settings(key)
      .unusable(OnInvalid::use_default);
}

}  // namespace

std::optional<std::string> check_cookie_edit(std::string_view value) {
  if (value == "off" || words(value).size() == 2) return std::nullopt;
  return "must be `off` or two words";
}

std::optional<std::string> check_redirect_from(std::string_view value) {
  if (!value.empty() && value.front() == '~') return "is an expression, which is not used here";
  return std::nullopt;
}

AnnotationSet cookies_redirects_annotations() {
  using syntax::Blanks;
  return annotation_set(
      "cookies_redirects", "Proxy",
      {
          edit("proxy-cookie-domain", &CookiesRedirectsPolicy::cookie_domain, {"`off`, or two words", is_cookie_domain},
               "Rewrites Domain in Set-Cookie of the upstream.")
              .check(check_cookie_edit),
          edit("proxy-cookie-path", &CookiesRedirectsPolicy::cookie_path, syntax::url(Blanks::removed),
               "Rewrites Path in Set-Cookie of the upstream.")
              .unusable(OnInvalid::deny_location)
              .check(check_cookie_edit),
          edit("proxy-redirect-from", &CookiesRedirectsPolicy::redirect_from, syntax::url(Blanks::removed),
               "Rewrites Location and Refresh of the upstream that begin with this.")
              .check(check_redirect_from),
          edit("proxy-redirect-to", &CookiesRedirectsPolicy::redirect_to, syntax::url(Blanks::removed),
               "Replacement for proxy-redirect-from; `off`: nothing is replaced."),
      });
}

}  // namespace weir::features
