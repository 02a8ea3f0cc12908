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

Spec cors(std::string_view key, const Syntax& syntax, std::string_view default_text, std::string_view doc) {
  return plan(key, syntax, Scope::location, OnInvalid::use_default, doc)
      .default_text(default_text)
      .needs("enable-cors");
}

}  // namespace

AnnotationSet cors_annotations() {
  return annotation_set(
      "cors", "CorsConfig",
      {
          plan("enable-cors", syntax::boolean(), Scope::location, OnInvalid::use_default,
               "Cross-origin resource sharing.")
              .default_text("false")
              .asks_when_true(),
          // The original reads a bad list as "every origin" (spec 10.10).
          plan("cors-allow-origin", {"comma list of origins, `null`, or a single `*`", is_origin_list}, Scope::location,
               OnInvalid::deny_location,
               "Accepted origins. A bad value answers 503; the original accepts every origin.")
              .risk(RiskLevel::medium)
              .default_text("*")
              .needs("enable-cors"),
          cors("cors-allow-methods", {"list of methods", is_method_list}, "GET, PUT, POST, DELETE, PATCH, OPTIONS",
               "Access-Control-Allow-Methods.")
              .risk(RiskLevel::medium),
          cors("cors-allow-headers", syntax::header_names(),
               "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,"
               "Authorization",
               "Access-Control-Allow-Headers.")
              .risk(RiskLevel::medium),
          cors("cors-expose-headers", {"list of header names or `*`", is_expose_list}, "",
               "Access-Control-Expose-Headers.")
              .risk(RiskLevel::medium),
          cors("cors-allow-credentials", syntax::boolean(), "true", "Access-Control-Allow-Credentials."),
          cors("cors-max-age", syntax::integer(), "1728000", "Access-Control-Max-Age."),
      });
}

}  // namespace weir::features
