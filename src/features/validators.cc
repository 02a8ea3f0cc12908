#include "features/validators.h"

#include "weir/base/ascii.h"
#include "weir/base/byte_size.h"
#include "weir/base/cidr.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <utility>

namespace weir::features {
namespace {

// The characters beside letters and digits of each class of spec 0.2.
constexpr std::string_view kBasic = "-._~/:";
constexpr std::string_view kBasicBlank = "-._~/: ";
constexpr std::string_view kExtended = "-._~/:, ";
constexpr std::string_view kUrl = "-._~/:,?&=";
constexpr std::string_view kUrlVariables = "-._~/:,?&=$ ";
constexpr std::string_view kVariables = "-_${}";
constexpr std::string_view kCapture = "-._~/:$";
constexpr std::string_view kHeaders = "-_, ";
constexpr std::string_view kRegex = "-._~/:^$[](){}*+?|&=\\";

bool only(std::string_view value, std::string_view extra) {
  return std::all_of(value.begin(), value.end(),
                     [extra](char c) { return base::is_alnum(c) || extra.find(c) != std::string_view::npos; });
}

std::string without_blanks(std::string_view value) {
  std::string out(value);
  std::erase(out, ' ');
  return out;
}

bool has_line_break(std::string_view value) {
  return value.find_first_of("\r\n") != std::string_view::npos;
}

Syntax of_class(std::string_view text, std::string_view extra, syntax::Blanks blanks) {
  if (blanks == syntax::Blanks::kept) return {text, [extra](std::string_view value) { return only(value, extra); }};
  return {text, [extra](std::string_view value) { return only(without_blanks(value), extra); }};
}

bool all_items(std::string_view list, const Validate& check) {
  for (;;) {
    const std::size_t comma = list.find(',');
    if (!check(base::trim(list.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

bool is_service_name(std::string_view value) {
  if (value.empty() || value.size() > 63 || value.front() < 'a' || value.front() > 'z' || value.back() == '-')
    return false;
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return base::is_digit(c) || (c >= 'a' && c <= 'z') || c == '-'; });
}

}  // namespace

namespace syntax {

Syntax anything() {
  return {"text", [](std::string_view) { return true; }};
}

Syntax boolean() {
  return {"true or false", [](std::string_view value) { return base::parse_bool(value).has_value(); }, true};
}

Syntax integer() {
  return {"whole number", [](std::string_view value) { return base::parse_int(value).has_value(); }, true};
}

Syntax digits(std::string_view text) {
  return {text, [](std::string_view value) { return std::all_of(value.begin(), value.end(), base::is_digit); }, true};
}

Syntax size() {
  return {"size: digits and at most one of b k m g",
          [](std::string_view value) { return base::is_size_syntax(without_blanks(value)); }};
}

Syntax basic() {
  return of_class("letters digits `- . _ ~ / :`", kBasic, Blanks::removed);
}
Syntax basic_with_blanks() {
  return of_class("letters digits `- . _ ~ / :` and blanks", kBasicBlank, Blanks::kept);
}
Syntax extended() {
  return of_class("letters digits `- . _ ~ / : ,` and blanks", kExtended, Blanks::kept);
}
Syntax url(Blanks blanks) {
  return of_class("letters digits `- . _ ~ / : , ? & =`", kUrl, blanks);
}
Syntax url_with_variables() {
  return of_class("URL, `$variables` allowed", kUrlVariables, Blanks::kept);
}
Syntax variables() {
  return of_class("letters digits `- _ $ { }`", kVariables, Blanks::removed);
}
Syntax capture(Blanks blanks) {
  return of_class("path: letters digits `- . _ ~ / : $`", kCapture, blanks);
}
Syntax header_names() {
  return of_class("names: letters digits `- _`, commas, blanks", kHeaders, Blanks::kept);
}

Syntax regex(Blanks blanks) {
  constexpr std::string_view kText = "letters digits ``- . _ ~ / : ^ $ [ ] ( ) { } * + ? | & = \\``";
  if (blanks == Blanks::kept) return of_class(kText, kRegex, blanks);
  return {kText, [](std::string_view value) { return only(base::trim(value), kRegex); }};
}

Syntax host_list() {
  return {"comma list of host names, wildcards or `~regex`", [](std::string_view value) {
            return all_items(value, [](std::string_view item) { return only(item, kRegex); });
          }};
}

Syntax cidr_list() {
  return {"comma list of addresses and CIDRs", [](std::string_view value) {
            return all_items(value, [](std::string_view item) { return base::parse_cidr(item).has_value(); });
          }};
}

Syntax service_name() {
  return {"name of a Service in the same namespace", is_service_name};
}

Syntax characters(std::string_view text, std::string_view extra) {
  return of_class(text, extra, Blanks::removed);
}

Syntax one_of(std::string_view text, std::vector<std::string_view> options, Case letters) {
  return {text, [options = std::move(options), letters](std::string_view value) {
            const std::string_view trimmed = base::trim(value);
            return std::any_of(options.begin(), options.end(), [&](std::string_view option) {
              return letters == Case::sensitive ? trimmed == option : base::iequals(trimmed, option);
            });
          }};
}

Syntax word(std::string_view text, std::vector<std::string_view> options) {
  return {text, [options = std::move(options)](std::string_view value) {
            return std::find(options.begin(), options.end(), without_blanks(value)) != options.end();
          }};
}

Syntax containing(std::string_view text, std::vector<std::string_view> options) {
  return {text, [options = std::move(options)](std::string_view value) {
            const std::string joined = without_blanks(value);
            return !has_line_break(value) && std::any_of(options.begin(), options.end(), [&](std::string_view option) {
              return joined.find(option) != std::string::npos;
            });
          }};
}

}  // namespace syntax

bool is_expression(std::string_view value) {
  int error = 0;
  std::size_t offset = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(value.data()), value.size(), 0, &error, &offset, nullptr);
  pcre2_code_free(code);
  return code != nullptr;
}

std::string trim_lines(std::string_view value) {
  std::string out;
  for (;;) {
    const std::size_t end = value.find('\n');
    out += base::trim(value.substr(0, end));
    if (end == std::string_view::npos) break;
    out += '\n';
    value.remove_prefix(end + 1);
  }
  return std::string(base::trim(out));
}

}  // namespace weir::features
