// ConfigMap keys of spec 6.1: security and policy.
#include "features/setting_spec.h"
#include "weir/base/ascii.h"

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

std::optional<std::string> read_hidden(std::string_view value, Settings& into) {
  into.hide_headers = base::split_list(base::to_lower(value));
  return std::nullopt;
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
  if (!bad.empty()) return "has `" + bad + "`, which is no status from 300 to 599 but 499; it is left out";
  return std::nullopt;
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
      plan_setting("global-allowed-response-headers", kList, "", "Names that custom-headers may use."),
      plan_setting("block-cidrs", kList, "", "403 for these client addresses.").protects(),
      plan_setting("block-user-agents", kList, "", "403 for these User-Agents.").protects(),
      plan_setting("block-referers", kList, "", "403 for these Referers.").protects(),
      plan_setting("whitelist-source-range", kList, "", "403 for every client address that is not listed.").protects(),
      plan_setting("denylist-source-range", kList, "", "403 for these client addresses.").protects(),
      plan_setting("nginx-status-ipv4-whitelist", kList, "127.0.0.1", "Who may read /nginx_status."),
      plan_setting("nginx-status-ipv6-whitelist", kList, "::1", "Who may read /nginx_status."),
      plan_setting("limit-rate", "kilobytes", "0", "Speed of a response; default of the annotation."),
      plan_setting("limit-rate-after", "kilobytes", "0", "Sent at full speed first; default of the annotation."),
      plan_setting("limit-conn-zone-variable", "text", "$binary_remote_addr", "Key of all limits.").check_variables(),
      plan_setting("limit-req-status-code", "number", "503", "Status of a request over its rate.").check(check_status),
      plan_setting("limit-conn-status-code", "number", "503", "Status of a request over the connections.")
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
