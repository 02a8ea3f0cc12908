#include "features/auth/external_rows.h"

#include "weir/base/ascii.h"
#include "weir/base/duration.h"
#include "weir/features/header_maps.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace weir::features {
namespace {

constexpr std::string_view kDefaultDuration = "200 202 401 5m";

// Where a message ends is Weir's to say.
constexpr std::array<std::string_view, 9> kNotCopied{
    "connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "upgrade", "transfer-encoding"};

std::optional<std::string> check_header_names(std::string_view value) {
  for (const std::string& name : base::split_list(value)) {
    if (auto problem = check_auth_header_name(name)) return problem;
  }
  return std::nullopt;
}

// The validator lets blanks between the letters pass, as the original's does; the request line does not.
std::optional<std::string> check_auth_method(std::string_view value) {
  if (std::all_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) return std::nullopt;
  return "is no HTTP method";
}

std::optional<std::string> check_cache_duration(std::string_view value) {
  std::vector<AuthCacheRule> rules;
  return read_auth_cache_rules(value, rules);
}

using Member = std::string (*)(const ExternalAuthPolicy&);

Spec external(std::string_view key, const Syntax& syntax, OnInvalid on_invalid, std::string_view doc, Member member) {
  Spec out(key, Support::exact, syntax, Scope::location, on_invalid, doc);
  return out.group("ExternalAuth").needs("auth-url").print([member](const Policies& from) {
    return from.external_auth.on() ? member(from.external_auth) : std::string();
  });
}

Spec keepalive(std::string_view key, const Syntax& syntax, std::string_view standard) {
  return ignore(key, syntax, Scope::location, OnInvalid::use_default,
                "Connections to the service are always kept and shared, as upstream-keepalive-* say.")
      .group("ExternalAuth")
      .needs("auth-url")
      .default_text(standard);
}

std::string durations_text(const ExternalAuthPolicy& from) {
  std::string out;
  for (const AuthCacheRule& rule : from.cache) {
    if (!out.empty()) out += ", ";
    for (const int code : rule.codes) out += std::to_string(code) + " ";
    out += base::duration_text(rule.time);
  }
  return out;
}

// Is there something else behind the host's colon than a port? Variables may become one.
bool has_bad_port(std::string_view host) {
  constexpr std::int64_t kLastPort = 65535;
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.ends_with(']') || host.find('$') != std::string_view::npos) return false;
  const std::string_view digits = host.substr(colon + 1);
  const bool plain = std::all_of(digits.begin(), digits.end(), base::is_digit);
  return !plain || (!digits.empty() && base::parse_int(digits).value_or(kLastPort + 1) > kLastPort);
}

}  // namespace

// A URL with scheme and host; no ".." in the host (spec 1.2).
std::optional<std::string> check_auth_url(std::string_view value) {
  const std::size_t scheme = value.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return "has no scheme";
  const std::string_view host = value.substr(scheme + 3, value.find_first_of("/?", scheme + 3) - scheme - 3);
  if (host.empty()) return "has no host";
  if (host.find("..") != std::string_view::npos) return "has `..` in its host";
  if (host.find(' ') != std::string_view::npos) return "has a blank in its host";
  if (has_bad_port(host)) return "has no port number behind its host";
  const std::string name = base::to_lower(value.substr(0, scheme));
  if (name != "http" && name != "https" && name.find('$') == std::string::npos) return "is no http or https URL";
  return std::nullopt;
}

std::optional<std::string> check_auth_header_name(std::string_view name) {
  const bool plain =
      std::all_of(name.begin(), name.end(), [](char c) { return base::is_alnum(c) || c == '-' || c == '_'; });
  if (name.empty() || !plain) return "has `" + std::string(name) + "`, which is no header name";
  if (std::find(kNotCopied.begin(), kNotCopied.end(), base::to_lower(name)) != kNotCopied.end()) {
    return "has `" + std::string(name) + "`, which belongs to the framing of messages";
  }
  return std::nullopt;
}

std::optional<std::string> read_auth_cache_rules(std::string_view value, std::vector<AuthCacheRule>& into) {
  for (const std::string& item : base::split_list(value)) {
    const std::vector<std::string> words = base::split_list(item, ' ');
    const auto time = words.empty() ? std::nullopt : base::parse_duration(words.back());
    if (!time || base::is_digit(words.back().back())) return "has an item without a time such as `5m`";
    AuthCacheRule rule;
    rule.time = std::chrono::duration_cast<std::chrono::seconds>(*time);
    bool any = false;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      const std::int64_t code = base::parse_int(words[i]).value_or(0);
      if (words[i] == "any") {
        any = true;
      } else if (words[i].size() == 3 && code >= 100) {
        rule.codes.push_back(static_cast<int>(code));
      } else {
        return "has `" + words[i] + "` where a status code is expected";
      }
    }
    if (words.size() == 1) rule.codes = {200, 301, 302};
    if (any) rule.codes.clear();
    into.push_back(std::move(rule));
  }
  return std::nullopt;
}

// Where the original answers a bad value by serving without authentication, it is 503 here (spec 10.9).
std::vector<Spec> external_auth_rows() {
  using Policy = ExternalAuthPolicy;
  std::vector<Spec> rows{
      Spec("auth-url", Support::exact, syntax::url_with_variables(), Scope::location, OnInvalid::refuse_object,
           "External service that decides about each request. The certificate of an https service is verified.")
          .group("ExternalAuth")
          .risk(RiskLevel::high)
          .empty(OnInvalid::deny_location)
          .check(check_auth_url)
          .check_variables()
          .print([](const Policies& from) { return from.external_auth.url.source(); }),
      external("auth-method",
               syntax::word("an HTTP method",
                            {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}),
               OnInvalid::deny_location, "Method of the sub-request.", [](const Policy& from) { return from.method; })
          .unusable(OnInvalid::deny_location)
          .check(check_auth_method),
      external("auth-signin", syntax::url_with_variables(), OnInvalid::use_default, "A 401 becomes a 302 to this URL.",
               [](const Policy& from) { return from.signin.source(); })
          .risk(RiskLevel::high)
          .check_variables(),
      external("auth-signin-redirect-param", syntax::url(syntax::Blanks::removed), OnInvalid::use_default,
               "Name of the return parameter of auth-signin.",
               [](const Policy& from) { return from.signin_param == "rd" ? std::string() : from.signin_param; })
          .risk(RiskLevel::medium)
          .default_text("rd"),
      external("auth-response-headers", syntax::header_names(), OnInvalid::deny_location,
               "Headers of the answer that are copied into the request.",
               [](const Policy& from) { return base::join(from.response_headers, ","); })
          .risk(RiskLevel::medium)
          .unusable(OnInvalid::deny_location)
          .check(check_header_names),
      external("auth-proxy-set-headers", syntax::basic(), OnInvalid::use_default,
               "ConfigMap `namespace/name` with headers of the sub-request; one that cannot be used answers 503.",
               [](const Policy& from) { return from.headers_map + header_fields_text(from.headers); })
          .risk(RiskLevel::medium),
      external("auth-request-redirect", syntax::url(syntax::Blanks::removed), OnInvalid::deny_location,
               "Value of X-Auth-Request-Redirect. A bad value answers 503; the original drops authentication.",
               [](const Policy& from) { return from.request_redirect; })
          .risk(RiskLevel::medium),
      external("auth-cache-key", syntax::variables(), OnInvalid::use_default, "Key under which answers are cached.",
               [](const Policy& from) { return from.cache_key.source(); })
          .risk(RiskLevel::medium)
          .check_variables(),
      external("auth-cache-duration", syntax::extended(), OnInvalid::deny_location,
               "How long answers are cached. A bad value answers 503; the original drops authentication.",
               durations_text)
          .risk(RiskLevel::medium)
          .default_text(kDefaultDuration)
          .unusable(OnInvalid::deny_location)
          .check(check_cache_duration),
      external("auth-always-set-cookie", syntax::boolean(), OnInvalid::deny_location,
               "Set-Cookie of the answer goes to the client on every status. A bad value answers 503.",
               [](const Policy& from) { return std::string(from.always_set_cookie ? "true" : ""); })
          .default_text("false"),
      Spec("enable-global-auth", Support::exact, syntax::boolean(), Scope::location, OnInvalid::use_default,
           "false exempts the location from the ConfigMap's global-auth-url.")
          .group("EnableGlobalAuth")
          .default_text("true")
          // What it takes away is missing from the row of auth-url.
          .print([](const Policies&) { return std::string(); }),
  };
  rows.push_back(keepalive("auth-keepalive", syntax::integer(), "0"));
  rows.push_back(keepalive("auth-keepalive-share-vars", syntax::boolean(), "false"));
  rows.push_back(keepalive("auth-keepalive-requests", syntax::integer(), "1000"));
  rows.push_back(keepalive("auth-keepalive-timeout", syntax::integer(), "60"));
  rows.push_back(snippet("auth-snippet", "ExternalAuth", Scope::location, "Raw directives inside the sub-request.")
                     .needs("auth-url"));
  return rows;
}

void read_external_auth(SetView& view) {
  ExternalAuthPolicy& policy = view.into.external_auth;
  const auto text = [&view](std::string_view key) { return std::string(view.value(key).value_or(std::string_view())); };
  if (!view.value("auth-url")) {
    if (view.value("enable-global-auth") && !view.is_true("enable-global-auth")) policy = {};
    return;
  }
  policy = {};
  policy.url = text("auth-url");
  policy.method = text("auth-method");
  policy.signin = text("auth-signin");
  if (const auto param = view.value("auth-signin-redirect-param")) policy.signin_param = *param;
  policy.response_headers = base::split_list(text("auth-response-headers"));
  policy.headers_map = text("auth-proxy-set-headers");
  policy.request_redirect = text("auth-request-redirect");
  policy.cache_key = text("auth-cache-key");
  // Checked already: a value that cannot be read is not among those of the view.
  (void)read_auth_cache_rules(text("auth-cache-duration"), policy.cache);
  policy.always_set_cookie = view.is_true("auth-always-set-cookie");
}

}  // namespace weir::features
