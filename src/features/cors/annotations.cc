#include "features/annotation_sets.h"
#include "weir/base/ascii.h"

#include <algorithm>

namespace weir::features {
namespace {

std::string without_blanks(std::string_view value) {
  std::string out(value);
  std::erase(out, ' ');
  return out;
}

bool is_host_character(char c) {
  return base::is_alnum(c) || c == '-' || c == '.';
}

// [scheme://][*.]host[:port] or null; an empty item is allowed (spec 1.4).
bool is_origin(std::string_view item) {
  if (item == "null") return true;
  if (const std::size_t scheme = item.find("://"); scheme != std::string_view::npos) {
    const std::string_view name = item.substr(0, scheme);
    if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; }))
      return false;
    item.remove_prefix(scheme + 3);
  }
  if (item.substr(0, 2) == "*.") item.remove_prefix(2);
  const std::size_t colon = item.find(':');
  const std::string_view host = item.substr(0, colon);
  if (!std::all_of(host.begin(), host.end(), is_host_character)) return false;
  if (colon == std::string_view::npos) return true;
  const std::string_view port = item.substr(colon + 1);
  return !port.empty() && std::all_of(port.begin(), port.end(), base::is_digit);
}

bool is_origin_list(std::string_view value) {
  const std::string list = without_blanks(value);
  if (list == "*") return true;
  for (std::string_view rest = list;;) {
    const std::size_t comma = rest.find(',');
    if (!is_origin(rest.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    rest.remove_prefix(comma + 1);
  }
}

// Words of `extra` characters and letters, one comma between two of them.
bool is_word_list(std::string_view value, std::string_view extra) {
  const std::string list = without_blanks(value);
  if (list.empty() || list.front() == ',' || list.find(",,") != std::string::npos) return false;
  return std::all_of(list.begin(), list.end(), [extra](char c) {
    return base::is_alpha(c) || c == ',' || extra.find(c) != std::string_view::npos;
  });
}

bool is_method_list(std::string_view value) {
  return is_word_list(value, "");
}
bool is_expose_list(std::string_view value) {
  return is_word_list(value, "0123456789-_*");
}

constexpr auto kCorsEnabled = field(&Policies::cors, &CorsPolicy::enabled);
constexpr auto kMethods = field(&Policies::cors, &CorsPolicy::allow_methods);
constexpr auto kHeaders = field(&Policies::cors, &CorsPolicy::allow_headers);
constexpr auto kExpose = field(&Policies::cors, &CorsPolicy::expose_headers);
constexpr auto kCredentials = field(&Policies::cors, &CorsPolicy::allow_credentials);

// Items without a scheme are skipped (spec 1.4).
std::optional<std::string> read_origins(std::string_view value, Policies& into) {
  if (!is_origin_list(value)) return "is no list of origins";
  into.cors.any_origin = false;
  into.cors.origins.clear();
  for (const std::string& item : base::split_list(base::to_lower(value))) {
    if (item == "*") into.cors.any_origin = true;
    if (item == "null" || item.find("://") != std::string::npos) into.cors.origins.push_back(item);
  }
  if (into.cors.any_origin) into.cors.origins.clear();
  return std::nullopt;
}

std::string origins_text(const Policies& from) {
  return from.cors.any_origin ? "*" : base::join(from.cors.origins, ",");
}

std::optional<std::string> read_max_age(std::string_view value, Policies& into) {
  const std::optional<std::int64_t> seconds = base::parse_int(value);
  if (!seconds || *seconds < std::numeric_limits<int>::min() || *seconds > std::numeric_limits<int>::max()) {
    return "is no number of seconds";
  }
  into.cors.max_age = static_cast<int>(*seconds);
  return std::nullopt;
}

template <class Member>
Spec cors(std::string_view key, Member member, const Syntax& syntax, std::string_view doc) {
  return spec(key, member, Scope::location, OnInvalid::use_default, doc)
      .syntax(syntax)
      .needs("enable-cors")
      .unusable(OnInvalid::use_default);
}

// Spec 4.4: without an origin that could match, CORS is off.
void check_origins(SetView& view) {
  CorsPolicy& policy = view.into.cors;
  if (!policy.enabled || policy.any_origin || !policy.origins.empty()) return;
  policy.enabled = false;
  view.fall_back("cors-allow-origin", "has no origin with a scheme; enable-cors has no effect");
}

}  // namespace

AnnotationSet cors_annotations() {
  return annotation_set(
      "cors", "CorsConfig",
      {
          spec("enable-cors", kCorsEnabled, Scope::location, OnInvalid::use_default, "Cross-origin resource sharing.")
              .asks_when_true(),
          // The original reads a bad list as "every origin" (spec 10.10).
          Spec("cors-allow-origin", Support::exact, {"comma list of origins, `null`, or a single `*`", is_origin_list},
               Scope::location, OnInvalid::deny_location,
               "Accepted origins. A bad value answers 503; the original accepts every origin.")
              .risk(RiskLevel::medium)
              .unusable(OnInvalid::deny_location)
              .needs("enable-cors")
              .apply(read_origins)
              .print(origins_text),
          cors("cors-allow-methods", kMethods, {"list of methods", is_method_list}, "Access-Control-Allow-Methods.")
              .risk(RiskLevel::medium),
          cors("cors-allow-headers", kHeaders, syntax::header_names(), "Access-Control-Allow-Headers.")
              .risk(RiskLevel::medium),
          cors("cors-expose-headers", kExpose, {"list of header names or `*`", is_expose_list},
               "Access-Control-Expose-Headers.")
              .risk(RiskLevel::medium),
          cors("cors-allow-credentials", kCredentials, syntax::boolean(), "Access-Control-Allow-Credentials."),
          Spec("cors-max-age", Support::exact, syntax::integer(), Scope::location, OnInvalid::use_default,
               "Access-Control-Max-Age.")
              .needs("enable-cors")
              .apply(read_max_age)
              .print([](const Policies& from) { return std::to_string(from.cors.max_age); }),
      },
      check_origins);
}

}  // namespace weir::features
