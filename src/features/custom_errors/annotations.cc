#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

// Codes 4xx and 5xx; blanks are ignored, and so is a missing comma, as in the original's expression.
bool is_error_list(std::string_view written) {
  std::string list(written);
  std::erase(list, ' ');
  std::string_view rest = list;
  while (!rest.empty()) {
    if (rest.size() < 3 || (rest[0] != '4' && rest[0] != '5') || !base::is_digit(rest[1]) || !base::is_digit(rest[2])) {
      return false;
    }
    rest.remove_prefix(3);
    if (!rest.empty() && rest.front() == ',') rest.remove_prefix(1);
  }
  return true;
}

std::optional<std::string> read_codes(std::string_view value, Policies& into) {
  std::vector<int>& codes = into.custom_errors.codes;
  codes.clear();  // it replaces the ConfigMap's list
  std::string digits(value);
  std::erase_if(digits, [](char c) { return !base::is_digit(c); });
  for (std::size_t i = 0; i + 3 <= digits.size(); i += 3) {
    codes.push_back(static_cast<int>(base::parse_int(std::string_view(digits).substr(i, 3)).value_or(0)));
  }
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  if (into.custom_errors.replaces(499)) return "has 499, which no response can have";
  return std::nullopt;
}

std::string codes_text(const Policies& from) {
  std::vector<std::string> out;
  for (const int code : from.custom_errors.codes) out.push_back(std::to_string(code));
  return base::join(out, ",");
}

// The ConfigMap's switch is about its own list, the annotation's about the annotation's (spec 4.7).
void finish(SetView& view) {
  if (view.value("custom-http-errors")) {
    view.into.custom_errors.only_own = view.is_true("disable-proxy-intercept-errors");
  }
}

}  // namespace

AnnotationSet custom_errors_annotations() {
  return annotation_set(
      "custom_errors", "CustomHTTPErrors",
      {
          Spec("custom-http-errors", Support::exact, {"comma list of codes 400 to 599", is_error_list}, Scope::location,
               OnInvalid::refuse_object, "Responses with these codes are replaced by the error backend's.")
              .unusable(OnInvalid::deny_location)
              .apply(read_codes)
              .print(codes_text)
              .settings("custom-http-errors"),
          Spec("disable-proxy-intercept-errors", Support::exact, syntax::boolean(), Scope::location,
               OnInvalid::use_default, "Of custom-http-errors, only errors made by the proxy itself are replaced.")
              .group("DisableProxyInterceptErrors")
              .print([](const Policies& from) { return std::string(from.custom_errors.only_own ? "true" : "false"); })
              .default_text("false")
              .needs("custom-http-errors"),
          spec("default-backend", field(&Policies::custom_errors, &CustomErrorsPolicy::default_backend),
               Scope::location, OnInvalid::refuse_object,
               "Service of the same namespace: error backend, and stand-in while the service has no endpoints.")
              .syntax(syntax::service_name())
              .group("DefaultBackend"),
      },
      finish);
}

}  // namespace weir::features
