#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

constexpr auto kRelative = field(&Policies::redirect, &RedirectPolicy::relative);
constexpr auto kWww = field(&Policies::redirect, &RedirectPolicy::from_to_www);

constexpr int kTemporalDefault = 302;
constexpr int kPermanentDefault = 301;

// The scheme starts with "http" in any case, and a port is digits: what the original's URL check asks for.
bool is_http_url(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || !base::iequals(url.substr(0, 4), "http")) return false;
  const std::string_view scheme = url.substr(0, colon);
  if (scheme.size() < 4 || scheme.find_first_of("/?,&=_~") != std::string_view::npos) return false;
  std::string_view rest = url.substr(colon + 1);
  if (rest.substr(0, 2) != "//") return true;
  rest = rest.substr(2, rest.find_first_of("/?", 2) - 2);
  const std::size_t port = rest.rfind(':');
  if (port == std::string_view::npos) return true;
  const std::string_view number = rest.substr(port + 1);
  return std::all_of(number.begin(), number.end(), base::is_digit);
}

int code_of(const SetView& view, std::string_view key, int highest, int otherwise) {
  const auto text = view.value(key);
  const std::int64_t code = text ? base::parse_int(*text).value_or(0) : 0;
  return code >= 300 && code <= highest ? static_cast<int>(code) : otherwise;
}

// temporal-redirect wins; the permanent one is then not looked at (spec 1.1).
void finish(SetView& view) {
  RedirectPolicy& policy = view.into.redirect;
  if (const auto temporal = view.value("temporal-redirect")) {
    if (!is_http_url(*temporal)) {
      view.drop_group("temporal-redirect",
                      "is no http or https URL; all redirect annotations of the object are ignored");
      return;
    }
    policy.url = *temporal;
    policy.code = code_of(view, "temporal-redirect-code", 307, kTemporalDefault);
    policy.temporal = true;
    return;
  }
  if (view.is_empty("permanent-redirect")) {
    view.drop_group("permanent-redirect", "is empty; all redirect annotations of the object are ignored");
    return;
  }
  if (const auto permanent = view.value("permanent-redirect")) policy.url = *permanent;
  policy.code = code_of(view, "permanent-redirect-code", 308, kPermanentDefault);
}

Print url_if(bool temporal) {
  return [temporal](const Policies& from) {
    return from.redirect.temporal == temporal ? from.redirect.url : std::string();
  };
}

Print code_if(bool temporal, int otherwise) {
  return [temporal, otherwise](const Policies& from) {
    return std::to_string(from.redirect.temporal == temporal ? from.redirect.code : otherwise);
  };
}

}  // namespace

AnnotationSet redirect_annotations() {
  using syntax::Blanks;
  const auto exact = [](std::string_view key, const Syntax& syntax, std::string_view doc) {
    return Spec(key, Support::exact, syntax, Scope::location, OnInvalid::refuse_object, doc);
  };
  return annotation_set(
      "redirect", "Redirect",
      {
          exact("permanent-redirect", syntax::url(Blanks::kept),
                "Every request of the location is answered with this redirect. Ignored when temporal-redirect is set.")
              .risk(RiskLevel::medium)
              .unless("temporal-redirect")
              .print(url_if(false)),
          exact("permanent-redirect-code", syntax::integer(), "Its status, 300 to 308; other values become 301.")
              .unless("temporal-redirect")
              .default_text("301")
              .print(code_if(false, kPermanentDefault)),
          exact("temporal-redirect", syntax::url(Blanks::kept),
                "As permanent-redirect, with 302. Without an http scheme all redirect annotations are ignored.")
              .risk(RiskLevel::medium)
              .empty(OnInvalid::drop_group)
              .print(url_if(true)),
          exact("temporal-redirect-code", syntax::integer(), "Its status, 300 to 307; other values become 302.")
              .default_text("302")
              .print(code_if(true, kTemporalDefault)),
          spec("relative-redirects", kRelative, Scope::location, OnInvalid::refuse_object,
               "A redirect to a path keeps a relative Location."),
          spec("from-to-www-redirect", kWww, Scope::host, OnInvalid::refuse_object,
               "Makes an extra host, with or without `www.`, that redirects to this one."),
      },
      finish);
}

}  // namespace weir::features
