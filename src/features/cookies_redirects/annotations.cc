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

std::optional<std::string> check_cookie_path(std::string_view value) {
  if (value == "off" || words(value).size() == 2) return std::nullopt;
  return "must be `off` or two words";
}

Spec edit(std::string_view key, const Syntax& syntax, std::string_view doc) {
  return plan(key, syntax, Scope::location, OnInvalid::use_default, doc)
      .risk(RiskLevel::medium)
      .settings(key)
      .asks([](std::string_view value) { return value != "off"; });
}

}  // namespace

AnnotationSet cookies_redirects_annotations() {
  using syntax::Blanks;
  return annotation_set(
      "cookies_redirects", "Proxy",
      {
          edit("proxy-cookie-domain", {"`off`, or two words", is_cookie_domain},
               "Rewrites Domain in Set-Cookie of the upstream."),
          edit("proxy-cookie-path", syntax::url(Blanks::removed), "Rewrites Path in Set-Cookie of the upstream.")
              .unusable(OnInvalid::deny_location)
              .check(check_cookie_path),
          edit("proxy-redirect-from", syntax::url(Blanks::removed), "Rewrites Location and Refresh of the upstream."),
          edit("proxy-redirect-to", syntax::url(Blanks::removed), "Replacement for proxy-redirect-from."),
      });
}

}  // namespace weir::features
