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

std::optional<std::string> check_errors(std::string_view value) {
  const std::vector<std::string> codes = base::split_list(value);
  if (std::find(codes.begin(), codes.end(), "499") != codes.end()) return "has 499, which no response can have";
  return std::nullopt;
}

}  // namespace

AnnotationSet custom_errors_annotations() {
  return annotation_set(
      "custom_errors", "CustomHTTPErrors",
      {
          plan("custom-http-errors", {"comma list of codes 400 to 599", is_error_list}, Scope::location,
               OnInvalid::refuse_object, "Responses with these codes are replaced by the error backend's.")
              .unusable(OnInvalid::deny_location)
              .check(check_errors)
              .settings("custom-http-errors"),
          plan("disable-proxy-intercept-errors", syntax::boolean(), Scope::location, OnInvalid::use_default,
               "Only errors made by the proxy itself are replaced.")
              .group("DisableProxyInterceptErrors")
              .default_text("false")
              .asks_when_true(),
          plan("default-backend", syntax::service_name(), Scope::location, OnInvalid::refuse_object,
               "Error backend, and stand-in while the service has no endpoints.")
              .group("DefaultBackend"),
      });
}

}  // namespace weir::features
