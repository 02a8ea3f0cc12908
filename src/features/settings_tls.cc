// ConfigMap keys of spec 6.2: redirects, HSTS, TLS.
#include "features/base64.h"
#include "features/setting_spec.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

std::optional<std::string> read_redirect_code(std::string_view value, Settings& into) {
  const std::int64_t code = base::parse_int(value).value_or(0);
  if (code != 301 && code != 302 && code != 307 && code != 308) return "is none of 301, 302, 307 and 308";
  into.http_redirect_code = static_cast<int>(code);
  return std::nullopt;
}

// Names the original's proxy knows. What is older than 1.2 is spoken beside 1.2 or 1.3 only.
std::optional<std::string> check_protocols(std::string_view value) {
  bool usable = false;
  for (const std::string& name : base::split_list(value, ' ')) {
    const bool safe = name == "TLSv1.2" || name == "TLSv1.3";
    if (!safe && name != "SSLv2" && name != "SSLv3" && name != "TLSv1" && name != "TLSv1.1") {
      return "has the unknown protocol `" + name + "`";
    }
    usable = usable || safe;
  }
  if (!usable) return "has neither TLSv1.2 nor TLSv1.3";
  return std::nullopt;
}

constexpr std::string_view kListExtra = ":+-!@=_.,";

// Characters of OpenSSL lists; the TLS context finds out whether the names mean anything.
std::optional<std::string> check_openssl_list(std::string_view value) {
  const bool ok = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return base::is_alnum(c) || kListExtra.find(c) != std::string_view::npos;
  });
  if (!ok) return "is no list of OpenSSL names separated by `:`";
  return std::nullopt;
}

std::optional<std::string> read_ticket_key(std::string_view value, Settings& into) {
  if (value.empty()) {
    into.ssl_session_ticket_key.clear();
    return std::nullopt;
  }
  std::optional<std::string> key = decode_base64(value);
  if (!key || (key->size() != 48 && key->size() != 80)) return "is not base64 of 48 or 80 bytes";
  into.ssl_session_ticket_key = std::move(*key);
  return std::nullopt;
}

std::optional<std::string> check_seconds(std::string_view value) {
  if (value.empty() || !std::all_of(value.begin(), value.end(), base::is_digit)) return "is no number of seconds";
  return std::nullopt;
}

template <class Value>
SettingSpec redirect_default(std::string_view key, Value HttpsRedirectPolicy::*member, std::string_view doc) {
  return setting(key, in_defaults(&Policies::https_redirect, member), doc);
}

}  // namespace

std::vector<SettingSpec> tls_settings() {
  return {
      redirect_default("ssl-redirect", &HttpsRedirectPolicy::ssl_redirect,
                       "Redirects HTTP to HTTPS where the host has TLS."),
      redirect_default("force-ssl-redirect", &HttpsRedirectPolicy::force,
                       "Redirects HTTP to HTTPS also where the host has no TLS."),
      SettingSpec("http-redirect-code", Support::exact, "301, 302, 307 or 308", "", "Status of the HTTPS redirect.")
          .apply(read_redirect_code)
          .print([](const Settings& from) { return std::to_string(from.http_redirect_code); }),
      setting("no-tls-redirect-locations", in_settings(&Settings::no_tls_redirect_locations),
              "Rule paths with these prefixes are never redirected to HTTPS."),
      redirect_default("preserve-trailing-slash", &HttpsRedirectPolicy::preserve_trailing_slash,
                       "Keeps a final `/` of the request URI in the HTTPS redirect."),
      redirect_default("use-port-in-redirects", &HttpsRedirectPolicy::use_port,
                       "The HTTPS redirect carries the HTTPS port."),
      setting("relative-redirects", in_settings(&Settings::relative_redirects),
              "Redirects to a path keep a relative Location."),
      setting("hsts", in_defaults(&Policies::hsts, &HstsPolicy::enabled),
              "Strict-Transport-Security on HTTPS responses."),
      setting("hsts-include-subdomains", in_defaults(&Policies::hsts, &HstsPolicy::include_subdomains),
              "`includeSubDomains` in it."),
      setting("hsts-max-age", in_defaults(&Policies::hsts, &HstsPolicy::max_age), "`max-age` in it.")
          .type("seconds")
          .check(check_seconds),
      setting("hsts-preload", in_defaults(&Policies::hsts, &HstsPolicy::preload), "`preload` in it."),
      setting(
          "ssl-protocols", in_settings(&Settings::ssl_protocols),
          "TLS versions, TLSv1.2 or TLSv1.3 among them; TLSv1 and TLSv1.1 need `@SECLEVEL=0` in `ssl-ciphers` as well.")
          .check(check_protocols),
      setting("ssl-ciphers", in_settings(&Settings::ssl_ciphers), "TLS 1.2 ciphers, in the server's order.")
          .check(check_openssl_list),
      setting("ssl-ecdh-curve", in_settings(&Settings::ssl_ecdh_curve), "Key exchange groups.")
          .check(check_openssl_list),
      plan_setting("ssl-dh-param", "namespace/name", "", "Secret with `dhparam.pem`."),
      setting("ssl-session-cache", in_settings(&Settings::ssl_session_cache), "Cache of TLS sessions."),
      setting("ssl-session-cache-size", in_settings(&Settings::ssl_session_cache_size),
              "Its size; a MiB holds about 4000 sessions."),
      time_setting("ssl-session-timeout", in_settings(&Settings::ssl_session_timeout), "Life of a TLS session."),
      setting("ssl-session-tickets", in_settings(&Settings::ssl_session_tickets), "TLS session tickets."),
      SettingSpec("ssl-session-ticket-key", Support::exact, "base64 of 48 or 80 bytes", "",
                  "Key of the tickets; a random one by default.")
          .apply(read_ticket_key),
      ignore_setting("ssl-buffer-size", "size", "4k", "Size of TLS records; chosen by the relay."),
      plan_setting("ssl-early-data", "bool", "false", "TLS 1.3 early data."),
      setting("ssl-reject-handshake", in_settings(&Settings::ssl_reject_handshake),
              "Refuses unknown server names instead of using the default certificate."),
      plan_setting("enable-ocsp", "bool", "false", "OCSP stapling."),
      setting("proxy-ssl-location-only", in_settings(&Settings::proxy_ssl_location_only),
              "proxy-ssl-* does not apply to the host's other Ingresses."),
  };
}

}  // namespace weir::features
