// ConfigMap keys of spec 6.4 and 6.5: upstream side, global external authentication.
#include "features/auth/external_rows.h"
#include "features/setting_spec.h"
#include "weir/base/ascii.h"
#include "weir/base/byte_size.h"
#include "weir/base/duration.h"
#include "weir/features/header_maps.h"

#include <algorithm>

namespace weir::features {
namespace {

// Such values end in header fields.
std::optional<std::string> check_header_text(std::string_view value) {
  if (std::any_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return "has a control character";
  }
  return std::nullopt;
}

template <class Value>
SettingSpec proxy_setting(std::string_view key, Value ProxyPolicy::*member, std::string_view doc) {
  return setting(key, in_defaults(&Policies::proxy, member), doc);
}

SettingSpec edit_setting(std::string_view key, std::string CookiesRedirectsPolicy::*member, std::string_view doc) {
  return setting(key, in_defaults(&Policies::cookies_redirects, member), doc).check(check_header_text);
}

// What the ConfigMap holds is read by model/header_maps.cc.
SettingSpec header_map(std::string_view key, std::string Settings::*name, std::vector<HeaderText> Settings::*fields,
                       std::string_view doc) {
  return setting(key, in_settings(name), doc).type("namespace/name").print([name, fields](const Settings& from) {
    return from.*name + header_fields_text(from.*fields);
  });
}

std::optional<std::string> read_version(std::string_view value, Settings& into) {
  if (value != "1.0" && value != "1.1") return "is neither 1.0 nor 1.1";
  into.defaults.proxy.http_1_0 = value == "1.0";
  return std::nullopt;
}

std::optional<std::string> read_conditions(std::string_view value, Settings& into) {
  const auto conditions = parse_next_upstream(value);
  if (!conditions) return "has a word that is no condition";
  into.defaults.proxy.next_upstream = *conditions;
  return std::nullopt;
}

std::optional<std::string> read_algorithm(std::string_view value, Settings& into) {
  const bool known = value.empty() || value == "round_robin" || value == "ewma" || value == "least_conn";
  into.defaults.balance.algorithm = known ? value : std::string_view();
  if (!known) return "is no algorithm; round_robin is in force";
  return std::nullopt;
}

std::optional<std::string> check_two(std::string_view value) {
  if (base::parse_int(value).value_or(0) < 2) return "is below 2";
  return std::nullopt;
}

std::optional<std::string> check_not_zero(std::string_view value) {
  if (base::parse_size(value) == std::uint64_t{0}) return "is 0";
  return std::nullopt;
}

std::vector<SettingSpec> location_defaults() {
  return {
      proxy_setting("proxy-connect-timeout", &ProxyPolicy::connect_timeout, "Time to connect to an endpoint."),
      proxy_setting("proxy-send-timeout", &ProxyPolicy::send_timeout,
                    "Longest gap between two writes to the upstream."),
      proxy_setting("proxy-read-timeout", &ProxyPolicy::read_timeout,
                    "Longest gap between two reads from the upstream."),
      proxy_setting("proxy-body-size", &ProxyPolicy::body_size, "Largest request body, 413 above; 0 is no limit."),
      switch_setting("proxy-buffering", in_defaults(&Policies::proxy, &ProxyPolicy::buffering), "Buffers responses."),
      switch_setting("proxy-request-buffering", in_defaults(&Policies::proxy, &ProxyPolicy::request_buffering),
                     "Reads the request body before connecting."),
      proxy_setting("proxy-buffer-size", &ProxyPolicy::buffer_size, "Buffer of the response head.")
          .check(check_not_zero),
      proxy_setting("proxy-buffers-number", &ProxyPolicy::buffers_number, "Response buffers, at least 2.")
          .check(check_two),
      SettingSpec("proxy-busy-buffers-size", Support::noop, "size", "", "The relay has no busy buffers; checked only.")
          .apply([](std::string_view value, Settings& into) -> std::optional<std::string> {
            if (value.empty()) return std::nullopt;
            return rows::read(value, into.defaults.proxy.busy_buffers_size);
          }),
      SettingSpec("proxy-max-temp-file-size", Support::noop, "size", "1g",
                  "Responses that are read ahead stay in memory; checked only.")
          .apply([](std::string_view value, Settings& into) {
            return rows::read(value, into.defaults.proxy.max_temp_file_size);
          })
          .print([](const Settings& from) { return rows::text(from.defaults.proxy.max_temp_file_size); }),
      SettingSpec("proxy-http-version", Support::exact, "1.0 or 1.1", "", "HTTP version spoken to the upstream.")
          .apply(read_version)
          .print([](const Settings& from) { return std::string(from.defaults.proxy.http_1_0 ? "1.0" : "1.1"); }),
      SettingSpec("proxy-next-upstream", Support::exact, "blank-separated list", "",
                  "When a request is tried again on the next endpoint.")
          .apply(read_conditions)
          .print([](const Settings& from) { return next_upstream_text(from.defaults.proxy.next_upstream); }),
      proxy_setting("proxy-next-upstream-timeout", &ProxyPolicy::next_upstream_timeout,
                    "Time budget of all tries together; 0 is no limit."),
      proxy_setting("proxy-next-upstream-tries", &ProxyPolicy::next_upstream_tries, "Tries in all; 0 is no limit."),
      edit_setting("proxy-cookie-domain", &CookiesRedirectsPolicy::cookie_domain,
                   "Rewrites Domain in Set-Cookie of the upstream.")
          .check(check_cookie_edit),
      edit_setting("proxy-cookie-path", &CookiesRedirectsPolicy::cookie_path,
                   "Rewrites Path in Set-Cookie of the upstream.")
          .check(check_cookie_edit),
      edit_setting("proxy-redirect-from", &CookiesRedirectsPolicy::redirect_from,
                   "Rewrites Location and Refresh of the upstream that begin with this.")
          .check(check_redirect_from),
      edit_setting("proxy-redirect-to", &CookiesRedirectsPolicy::redirect_to,
                   "Replacement for proxy-redirect-from; `off`: nothing is replaced."),
      SettingSpec("load-balance", Support::exact, "text", "round_robin",
                  "How endpoints are chosen: round_robin, ewma or least_conn.")
          .apply(read_algorithm)
          .print([](const Settings& from) {
            return from.defaults.balance.algorithm.empty() ? "round_robin" : from.defaults.balance.algorithm;
          }),
      setting("service-upstream", in_defaults(&Policies::balance, &BalancePolicy::service_upstream),
              "The Service's cluster address is the only endpoint."),
  };
}

}  // namespace

std::vector<SettingSpec> upstream_settings() {
  std::vector<SettingSpec> out = location_defaults();
  const std::vector<SettingSpec> global = {
      setting("retry-non-idempotent", in_settings(&Settings::retry_non_idempotent),
              "Retries POST, LOCK and PATCH too, also after they were sent."),
      setting("proxy-add-original-uri-header", in_settings(&Settings::add_original_uri_header),
              "Sends X-Original-URI to the upstream."),
      setting("upstream-keepalive-connections", in_settings(&Settings::upstream_keepalive_connections),
              "Idle connections a worker keeps; 0 keeps none."),
      setting("upstream-keepalive-requests", in_settings(&Settings::upstream_keepalive_requests),
              "Requests per upstream connection."),
      time_setting("upstream-keepalive-time", in_settings(&Settings::upstream_keepalive_time),
                   "Longest life of an upstream connection."),
      setting("upstream-keepalive-timeout", in_settings(&Settings::upstream_keepalive_timeout),
              "Idle time of an upstream connection."),
      SettingSpec("grpc-buffer-size-kb", Support::noop, "number", "0",
                  "The head of a gRPC response may have 64 KiB, its body 256 KiB ahead of the client; checked only.")
          .apply([](std::string_view value, Settings&) {
            int size = 0;
            return rows::read(value, size);
          })
          .print([](const Settings&) { return std::string("0"); }),
      time_setting("proxy-stream-timeout", in_settings(&Settings::stream_timeout),
                   "Idle time of TCP and UDP services and of connections that are passed on unread (ssl-passthrough)."),
      setting("proxy-stream-next-upstream", in_settings(&Settings::stream_next_upstream),
              "TCP and UDP services: tries the next endpoint when one cannot be reached."),
      time_setting("proxy-stream-next-upstream-timeout", in_settings(&Settings::stream_next_upstream_timeout),
                   "Time budget of all tries together; 0 is no limit."),
      setting("proxy-stream-next-upstream-tries", in_settings(&Settings::stream_next_upstream_tries),
              "Tries in all; 0 is no limit."),
      setting("proxy-stream-responses", in_settings(&Settings::stream_responses),
              "Answers to each datagram of a client; after the last one its UDP session is over. 0: none is awaited."),
      header_map("add-headers", &Settings::add_headers_map, &Settings::add_headers,
                 "ConfigMap with headers for every response; `$variables` in values."),
      header_map("proxy-set-headers", &Settings::proxy_set_headers_map, &Settings::proxy_set_headers,
                 "ConfigMap with headers for every upstream request; `$variables` in values. They replace the client's "
                 "and Weir's own; an empty value takes a header away."),
  };
  out.insert(out.end(), global.begin(), global.end());
  return out;
}

namespace {

// What guards and cannot be used closes what it guards: the text stays, no request gets an answer for it.
std::optional<std::string> read_global_url(std::string_view value, Settings& into) {
  into.defaults.external_auth.url = value;
  auto problem = value.empty() ? std::nullopt : check_auth_url(value);
  if (!problem && find_unknown_variable(value)) problem = "has an unknown variable";
  if (!problem) return std::nullopt;
  into.defaults.external_auth.url = std::string("invalid:") + std::string(value);
  return *problem + "; what it guards answers 500 (auth-url-invalid)";
}

std::optional<std::string> check_method(std::string_view value) {
  for (const std::string_view one :
       {"", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}) {
    if (value == one) return std::nullopt;
  }
  return "is no HTTP method";
}

std::optional<std::string> check_signin(std::string_view value) {
  if (value.empty() || value.find("://") != std::string_view::npos) return std::nullopt;
  return "is no URL with scheme and host";
}

std::optional<std::string> read_signin_param(std::string_view value, Settings& into) {
  into.defaults.external_auth.signin_param = value.empty() ? std::string_view("rd") : value;
  return std::nullopt;
}

// Names that are none are left out (spec 6.5).
std::optional<std::string> read_answer_headers(std::string_view value, Settings& into) {
  std::optional<std::string> problem;
  for (std::string& name : base::split_list(value)) {
    if (auto bad = check_auth_header_name(name)) {
      problem = *bad + "; it is left out";
    } else {
      into.defaults.external_auth.response_headers.push_back(std::move(name));
    }
  }
  return problem;
}

std::optional<std::string> read_durations(std::string_view value, Settings& into) {
  std::vector<AuthCacheRule> rules;
  if (auto problem = read_auth_cache_rules(value, rules)) return problem;
  into.defaults.external_auth.cache = std::move(rules);
  return std::nullopt;
}

std::string durations_of(const Settings& from) {
  std::string out;
  for (const AuthCacheRule& rule : from.defaults.external_auth.cache) {
    if (!out.empty()) out += ", ";
    for (const int code : rule.codes) out += std::to_string(code) + " ";
    out += base::duration_text(rule.time);
  }
  return out;
}

}  // namespace

std::vector<SettingSpec> global_auth_settings() {
  return {
      setting("global-auth-url", in_defaults(&Policies::external_auth, &ExternalAuthPolicy::url),
              "External service that decides about each request of locations without auth-url. A value that cannot be "
              "used answers 503 there.")
          .type("URL")
          .apply(read_global_url),
      setting("global-auth-method", in_defaults(&Policies::external_auth, &ExternalAuthPolicy::method),
              "Method of the sub-request.")
          .type("method")
          .check(check_method),
      setting("global-auth-signin", in_defaults(&Policies::external_auth, &ExternalAuthPolicy::signin),
              "A 401 becomes a 302 to this URL.")
          .type("URL")
          .check(check_signin)
          .check_variables(),
      setting("global-auth-signin-redirect-param",
              in_defaults(&Policies::external_auth, &ExternalAuthPolicy::signin_param),
              "Name of its return parameter; `rd` if empty.")
          .apply(read_signin_param),
      setting("global-auth-response-headers",
              in_defaults(&Policies::external_auth, &ExternalAuthPolicy::response_headers),
              "Headers of the answer copied into the request.")
          .apply(read_answer_headers),
      setting("global-auth-request-redirect",
              in_defaults(&Policies::external_auth, &ExternalAuthPolicy::request_redirect),
              "Value of X-Auth-Request-Redirect."),
      refuse_setting("global-auth-snippet", "Raw directives inside the sub-request."),
      setting("global-auth-cache-key", in_defaults(&Policies::external_auth, &ExternalAuthPolicy::cache_key),
              "Key under which answers are cached.")
          .check_variables(),
      SettingSpec("global-auth-cache-duration", Support::exact, "text", "200 202 401 5m",
                  "How long answers are cached.")
          .apply(read_durations)
          .print(durations_of),
      setting("global-auth-always-set-cookie",
              in_defaults(&Policies::external_auth, &ExternalAuthPolicy::always_set_cookie),
              "Set-Cookie of the answer on every status."),
      setting("no-auth-locations", in_settings(&Settings::no_auth_locations),
              "Rule paths with these prefixes need no authentication."),
  };
}

}  // namespace weir::features
