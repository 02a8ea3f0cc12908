// ConfigMap keys of spec 6.1: security and policy.
#include "features/setting_spec.h"
#include "weir/base/ascii.h"
#include "weir/base/cidr_set.h"

#include <algorithm>

namespace weir::features {
namespace {

std::optional<std::string> read_risk(std::string_view value, Settings& into) {
  for (const RiskLevel level : {RiskLevel::low, RiskLevel::medium, RiskLevel::high, RiskLevel::critical}) {
    if (!base::iequals(value, to_string(level))) continue;
    into.risk_level = level;
    return std::nullopt;
  }
  into.risk_level = RiskLevel::low;  // spec 0.3
  return "is none of Low, Medium, High and Critical; Low is in force";
}

std::optional<std::string> check_status(std::string_view value) {
  const std::int64_t code = base::parse_int(value).value_or(0);
  if (code < 400 || code > 599) return "is not between 400 and 599";
  return std::nullopt;
}

bool is_header_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return base::is_alnum(c) || c == '-' || c == '_'; });
}

std::string no_header_name(const std::string& item) {
  return "has `" + item + "`, which is no header name; it is left out";
}

std::optional<std::string> read_hidden(std::string_view value, Settings& into) {
  into.hide_headers.clear();
  std::string bad;
  for (std::string& item : base::split_list(base::to_lower(value))) {
    if (is_header_name(item)) {
      into.hide_headers.push_back(std::move(item));
    } else {
      bad = item;
    }
  }
  if (bad.empty()) return std::nullopt;
  return no_header_name(bad);
}

// A wrong item is left out.
std::optional<std::string> read_errors(std::string_view value, Settings& into) {
  std::vector<int>& codes = into.defaults.custom_errors.codes;
  codes.clear();
  std::string bad;
  for (const std::string& item : base::split_list(value)) {
    const std::int64_t code = base::parse_int(item).value_or(0);
    if (code < 300 || code > 599 || code == 499) {
      bad = item;
    } else {
      codes.push_back(static_cast<int>(code));
    }
  }
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  if (!bad.empty()) return "has `" + bad + "`, which is no status from 300 to 599 other than 499; it is left out";
  return std::nullopt;
}

// What guards and cannot be read closes everything: whom it was to keep out is not known.
SettingSpec address_list(std::string_view key, base::CidrSet IpAccessPolicy::*member, std::string_view doc) {
  return SettingSpec(key, Support::exact, "comma list of addresses and CIDRs", "", doc)
      .apply([key, member](std::string_view value, Settings& into) -> std::optional<std::string> {
        base::ParsedCidrSet parsed = base::parse_cidr_set(value);
        if (parsed.bad.empty()) {
          into.defaults.ip_access.*member = std::move(parsed.set);
          return std::nullopt;
        }
        const std::string reason = std::string(key) + "-invalid";
        if (into.deny_all_reason.empty()) into.deny_all_reason = reason;
        return "has `" + parsed.bad + "`, which is neither an address nor a CIDR; everything answers 503 (" + reason +
               ")";
      })
      .print([member](const Settings& from) { return (from.defaults.ip_access.*member).to_string(); });
}

// One list each for the two families; items that are wrong, or of the other family, are left out.
SettingSpec status_clients(std::string_view key, bool v4, std::string_view doc) {
  return SettingSpec(key, Support::exact, "comma list of addresses and CIDRs", "", doc)
      .apply([v4](std::string_view value, Settings& into) -> std::optional<std::string> {
        std::vector<base::Cidr> kept;
        for (const base::Cidr& cidr : into.status_page_clients.items()) {
          if (cidr.is_v4() != v4) kept.push_back(cidr);
        }
        base::ParsedCidrSet parsed = base::parse_cidr_set(value);
        for (const base::Cidr& cidr : parsed.set.items()) {
          if (cidr.is_v4() == v4) {
            kept.push_back(cidr);
          } else if (parsed.bad.empty()) {
            parsed.bad = cidr.to_string();
          }
        }
        into.status_page_clients = base::CidrSet(std::move(kept));
        if (parsed.bad.empty()) return std::nullopt;
        return "has `" + parsed.bad + "`, which is no such address; it is left out";
      })
      .print([v4](const Settings& from) {
        std::vector<std::string> out;
        for (const base::Cidr& cidr : from.status_page_clients.items()) {
          if (cidr.is_v4() == v4) out.push_back(cidr.to_string());
        }
        return base::join(out, ",");
      });
}

SettingSpec speed_setting(std::string_view key, std::uint64_t RateLimitPolicy::*member, std::string_view doc) {
  return SettingSpec(key, Support::exact, "kilobytes", "0", doc)
      .apply([member](std::string_view value, Settings& into) -> std::optional<std::string> {
        const std::optional<std::uint64_t> bytes = kilobytes_to_bytes(value);
        if (!bytes) return "is no whole number";
        into.defaults.rate_limit.*member = *bytes;
        return std::nullopt;
      })
      .print([member](const Settings& from) { return std::to_string(from.defaults.rate_limit.*member / 1024); });
}

// Names that are none are left out (spec 6.1).
std::optional<std::string> read_allowed_headers(std::string_view value, Settings& into) {
  std::string bad;
  for (std::string& item : base::split_list(value)) {
    if (is_header_name(item)) {
      into.allowed_response_headers.push_back(std::move(item));
    } else {
      bad = item;
    }
  }
  if (bad.empty()) return std::nullopt;
  return no_header_name(bad);
}

}  // namespace

std::vector<SettingSpec> policy_settings() {
  constexpr std::string_view kList = "comma list";
  return {
      setting("allow-snippet-annotations", in_settings(&Settings::allow_snippet_annotations),
              "Whether snippet annotations are looked at. Raw text is never used: where allowed, it answers 503."),
      SettingSpec("annotations-risk-level", Support::exact, "Low, Medium, High or Critical", "",
                  "Objects with an annotation of a higher risk are refused.")
          .apply(read_risk)
          .print([](const Settings& from) { return std::string(to_string(from.risk_level)); }),
      setting("annotation-value-word-blocklist", in_settings(&Settings::word_blocklist),
              "Objects with an annotation that contains one of these words are refused."),
      setting("allow-cross-namespace-resources", in_settings(&Settings::allow_cross_namespace),
              "Whether annotations may name Secrets and ConfigMaps of other namespaces."),
      setting("strict-validate-path-type", in_settings(&Settings::strict_validate_path_type),
              "Checks the syntax of Exact and Prefix paths."),
      SettingSpec("global-allowed-response-headers", Support::exact, kList, "", "Names that custom-headers may use.")
          .apply(read_allowed_headers)
          .print([](const Settings& from) { return base::join(from.allowed_response_headers, ","); }),
      address_list("block-cidrs", &IpAccessPolicy::blocked,
                   "403 for these client addresses, where a location has no list of its own."),
      setting("block-user-agents", in_settings(&Settings::block_user_agents),
              "403 for these User-Agents: texts, `~` expressions, `~*` expressions without regard to case."),
      setting("block-referers", in_settings(&Settings::block_referers),
              "403 for these Referers: texts, `~` expressions, `~*` expressions without regard to case."),
      address_list("whitelist-source-range", &IpAccessPolicy::allow,
                   "403 for every client address that is not listed."),
      address_list("denylist-source-range", &IpAccessPolicy::deny, "403 for these client addresses."),
      status_clients("nginx-status-ipv4-whitelist", true, "Who may read /nginx_status over IPv4."),
      status_clients("nginx-status-ipv6-whitelist", false, "Who may read /nginx_status over IPv6."),
      speed_setting("limit-rate", &RateLimitPolicy::rate, "Speed of a response; default of the annotation."),
      speed_setting("limit-rate-after", &RateLimitPolicy::rate_after,
                    "Sent at full speed first; default of the annotation."),
      setting("limit-conn-zone-variable", in_settings(&Settings::limit_key),
              "What tells clients apart for all limits; a client without a value is not limited.")
          .check_variables(),
      setting("limit-req-status-code", in_settings(&Settings::limit_req_status), "Status of a request over its rate.")
          .check(check_status),
      setting("limit-conn-status-code", in_settings(&Settings::limit_conn_status),
              "Status of a request over the connections.")
          .check(check_status),
      setting("server-tokens", in_settings(&Settings::server_tokens), "Sends a Server header."),
      setting("allow-backend-server-header", in_settings(&Settings::allow_backend_server_header),
              "Keeps the upstream's Server header."),
      setting("hide-headers", in_settings(&Settings::hide_headers), "Response headers of the upstream to drop.")
          .apply(read_hidden),
      setting("disable-proxy-intercept-errors", in_defaults(&Policies::custom_errors, &CustomErrorsPolicy::only_own),
              "Only errors made by the proxy are replaced by the ConfigMap's custom-http-errors."),
      SettingSpec("custom-http-errors", Support::exact, kList, "",
                  "Responses with these codes, 300 to 599, are replaced by the error backend's.")
          .apply(read_errors)
          .print([](const Settings& from) {
            std::vector<std::string> out;
            for (const int code : from.defaults.custom_errors.codes) out.push_back(std::to_string(code));
            return base::join(out, ",");
          }),
  };
}

}  // namespace weir::features
