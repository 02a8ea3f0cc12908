#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

std::optional<std::string> check_realm(std::string_view value) {
  // In the original the realm "off" silently switches authentication off (spec 10.11).
  if (value == "off") return "is `off`, which would switch authentication off";
  return std::nullopt;
}

// A URL with scheme and host; no ".." in the host (spec 1.2).
std::optional<std::string> check_url(std::string_view value) {
  const std::size_t scheme = value.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return "has no scheme";
  const std::string_view host = value.substr(scheme + 3, value.find_first_of("/?", scheme + 3) - scheme - 3);
  if (host.empty()) return "has no host";
  if (host.find("..") != std::string_view::npos) return "has `..` in its host";
  return std::nullopt;
}

std::optional<std::string> check_header_names(std::string_view value) {
  for (const std::string& name : base::split_list(value)) {
    if (name.find(' ') != std::string::npos) return "has a blank inside a header name";
  }
  return std::nullopt;
}

bool is_all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), base::is_digit);
}

bool is_cache_time(std::string_view text) {
  const std::size_t unit = text.find_first_not_of("0123456789");
  if (unit == 0 || unit == std::string_view::npos) return false;
  const std::string_view name = text.substr(unit);
  return name == "ms" || (name.size() == 1 && std::string_view("smhdwMy").find(name[0]) != std::string_view::npos);
}

// Items "[code...] time"; the last word of each item is the time.
std::optional<std::string> check_cache_duration(std::string_view value) {
  for (const std::string& item : base::split_list(value)) {
    const std::vector<std::string> words = base::split_list(item, ' ');
    if (words.empty() || !is_cache_time(words.back())) return "has an item without a time such as `5m`";
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      const bool code = (words[i].size() == 3 && is_all_digits(words[i])) || words[i] == "any";
      if (!code) return "has `" + words[i] + "` where a status code is expected";
    }
  }
  return std::nullopt;
}

// Exactly `basic` is basic; anything else that the original accepts is digest there.
std::optional<std::string> read_type(std::string_view value, Policies& into) {
  if (value != "basic") return "asks for digest authentication, which is not implemented";
  into.auth.basic = true;
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
           "Basic authentication. Digest authentication answers 503.")
          .syntax(syntax::containing("basic or digest", {"basic", "digest"}))
          .default_text("")
          .apply(read_type)
          .print([](const Policies& from) { return std::string(from.auth.basic ? "basic" : ""); }),
      spec("auth-secret", field(&Policies::auth, &AuthPolicy::secret), Scope::location, OnInvalid::deny_location,
           "Secret with the credentials, `name` or `namespace/name`. Missing or unreadable, its paths answer 503.")
          .syntax(syntax::basic())
          .risk(RiskLevel::medium)
          .empty(OnInvalid::deny_location)
          .needs("auth-type")
          .check(check_secret),
      spec("auth-secret-type", field(&Policies::auth, &AuthPolicy::map), Scope::location, OnInvalid::refuse_object,
           "Layout of the Secret: one htpasswd text, or a key for each user.")
          .syntax(syntax::containing("auth-file or auth-map", {"auth-file", "auth-map"}))
          .default_text("auth-file")
          .apply(read_secret_type)
          .print([](const Policies& from) { return std::string(from.auth.map ? "auth-map" : "auth-file"); })
          .needs("auth-type"),
      spec("auth-realm", field(&Policies::auth, &AuthPolicy::realm), Scope::location, OnInvalid::refuse_object,
           "Realm of the challenge. `off` answers 503 instead of switching authentication off.")
          .syntax(syntax::basic_with_blanks())
          .risk(RiskLevel::medium)
          .needs("auth-type")
          .check(check_realm),
      plan("enable-global-auth", syntax::boolean(), Scope::location, OnInvalid::use_default,
           "false exempts the location from the ConfigMap's global-auth-url.")
          .group("EnableGlobalAuth")
          .default_text("true")
          .asks([](std::string_view value) { return !base::parse_bool(value).value_or(true); }),
      spec("satisfy", field(&Policies::auth, &AuthPolicy::any), Scope::location, OnInvalid::use_default,
           "Whether one or all of address lists and basic authentication must agree.")
          .syntax(syntax::one_of("any or all", {"any", "all"}))
          .group("Satisfy")
          .default_text("all")
          .apply(read_satisfy)
          .print([](const Policies& from) { return std::string(from.auth.any ? "any" : "all"); }),
  };
}

// Without credentials nobody could be let in (spec 1.2).
void require_secret(SetView& view) {
  if (!view.into.auth.basic || !view.into.auth.secret.empty()) return;
  if (view.is_rejected("auth-secret") || view.is_empty("auth-secret")) return;  // told already
  view.deny("auth-secret", "is missing");
}

Spec external(std::string_view key, const Syntax& syntax, OnInvalid on_invalid, std::string_view doc) {
  return plan(key, syntax, Scope::location, on_invalid, doc).group("ExternalAuth").needs("auth-url");
}

// Where the original answers a bad value by serving without authentication, it is 503 here (spec 10.9).
std::vector<Spec> external_rows() {
  return {
      plan("auth-url", syntax::url_with_variables(), Scope::location, OnInvalid::refuse_object,
           "External service that decides about each request.")
          .group("ExternalAuth")
          .risk(RiskLevel::high)
          .unusable(OnInvalid::deny_location)
          .empty(OnInvalid::deny_location)
          .check(check_url)
          .protects(),
      external("auth-method",
               syntax::word("an HTTP method",
                            {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}),
               OnInvalid::deny_location, "Method of the sub-request.")
          .default_text("GET"),
      external("auth-signin", syntax::url_with_variables(), OnInvalid::use_default, "A 401 becomes a 302 to this URL.")
          .risk(RiskLevel::high),
      external("auth-signin-redirect-param", syntax::url(syntax::Blanks::removed), OnInvalid::use_default,
               "Name of the return parameter of auth-signin.")
          .risk(RiskLevel::medium)
          .default_text("rd"),
      external("auth-response-headers", syntax::header_names(), OnInvalid::deny_location,
               "Headers of the answer that are copied into the request.")
          .risk(RiskLevel::medium)
          .unusable(OnInvalid::deny_location)
          .check(check_header_names),
      external("auth-proxy-set-headers", syntax::basic(), OnInvalid::use_default,
               "ConfigMap `namespace/name` with headers of the sub-request.")
          .risk(RiskLevel::medium),
      external("auth-request-redirect", syntax::url(syntax::Blanks::removed), OnInvalid::deny_location,
               "Value of X-Auth-Request-Redirect. A bad value answers 503; the original drops authentication.")
          .risk(RiskLevel::medium),
      external("auth-cache-key", syntax::variables(), OnInvalid::use_default, "Key under which answers are cached.")
          .risk(RiskLevel::medium),
      external("auth-cache-duration", syntax::extended(), OnInvalid::deny_location,
               "How long answers are cached. A bad value answers 503; the original drops authentication.")
          .risk(RiskLevel::medium)
          .default_text("200 202 401 5m")
          .unusable(OnInvalid::deny_location)
          .check(check_cache_duration),
      external("auth-always-set-cookie", syntax::boolean(), OnInvalid::deny_location,
               "Set-Cookie of the answer goes to the client on every status. A bad value answers 503.")
          .default_text("false"),
      external("auth-keepalive", syntax::integer(), OnInvalid::use_default, "Idle connections kept to the service.")
          .default_text("0"),
      external("auth-keepalive-share-vars", syntax::boolean(), OnInvalid::use_default,
               "The sub-request shares variables such as the request id.")
          .default_text("false"),
      external("auth-keepalive-requests", syntax::integer(), OnInvalid::use_default, "Requests per kept connection.")
          .default_text("1000"),
      external("auth-keepalive-timeout", syntax::integer(), OnInvalid::use_default,
               "Idle seconds of a kept connection.")
          .default_text("60"),
      snippet("auth-snippet", "ExternalAuth", Scope::location, "Raw directives inside the sub-request.")
          .needs("auth-url"),
  };
}

}  // namespace

AnnotationSet auth_annotations() {
  std::vector<Spec> specs = basic_rows();
  for (const Spec& one : external_rows()) specs.push_back(one);
  return annotation_set("auth", "BasicDigestAuth", specs, require_secret);
}

}  // namespace weir::features
