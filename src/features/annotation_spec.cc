#include "features/annotation_spec.h"

#include "weir/base/ascii.h"
#include "weir/base/byte_size.h"
#include "weir/base/duration.h"
#include "weir/features/variables.h"

#include <utility>

namespace weir::features {

Spec::Spec(std::string_view key, Support support, const Syntax& syntax, Scope scope, OnInvalid on_invalid,
           std::string_view doc) {
  row_.key = key;
  row_.support = support;
  row_.scope = scope;
  row_.on_invalid = on_invalid;
  row_.doc = doc;
  this->syntax(syntax);
}

Spec& Spec::group(std::string_view name) {
  row_.group = name;
  return *this;
}

Spec& Spec::risk(RiskLevel level) {
  row_.risk = level;
  return *this;
}

Spec& Spec::alias(std::string_view key) {
  row_.alias = key;
  return *this;
}

Spec& Spec::settings(std::string_view key) {
  row_.settings_key = key;
  return *this;
}

Spec& Spec::default_text(std::string_view text) {
  row_.default_text = text;
  return *this;
}

Spec& Spec::syntax(const Syntax& syntax) {
  row_.syntax = syntax.text;
  row_.validate = syntax.check;
  row_.typed = syntax.typed;
  return *this;
}

Spec& Spec::support(Support support) {
  row_.support = support;
  return *this;
}

Spec& Spec::protects() {
  row_.protects = true;
  return *this;
}

Spec& Spec::plan_values(std::vector<std::string_view> values) {
  row_.planned_values = std::move(values);
  return *this;
}

Spec& Spec::asks(Validate asks) {
  row_.asks = std::move(asks);
  return *this;
}

Spec& Spec::asks_when_true() {
  return asks([](std::string_view value) { return base::parse_bool(value).value_or(false); });
}

Spec& Spec::needs(std::string_view key) {
  row_.needs = key;
  return *this;
}

Spec& Spec::unless(std::string_view key) {
  row_.unless = key;
  return *this;
}

Spec& Spec::deprecated() {
  row_.deprecated = true;
  return *this;
}

Spec& Spec::unusable(OnInvalid reaction) {
  row_.on_unusable = reaction;
  return *this;
}

Spec& Spec::empty(OnInvalid reaction) {
  row_.on_empty = reaction;
  return *this;
}

Spec& Spec::apply(Apply apply) {
  row_.apply = std::move(apply);
  return *this;
}

Spec& Spec::print(Print print) {
  row_.print = std::move(print);
  return *this;
}

Spec& Spec::check(std::function<std::optional<std::string>(std::string_view)> check) {
  row_.apply = [check = std::move(check), next = std::move(row_.apply)](std::string_view value,
                                                                        Policies& into) -> std::optional<std::string> {
    if (auto problem = check(value)) return problem;
    return next ? next(value, into) : std::nullopt;
  };
  return *this;
}

Spec& Spec::check_variables() {
  unusable(OnInvalid::deny_location);
  return check([](std::string_view value) -> std::optional<std::string> {
    const std::optional<std::string> unknown = find_unknown_variable(value);
    if (!unknown) return std::nullopt;
    return unknown->empty() ? "has a `$` that starts no variable" : "has an unknown variable `$" + *unknown + "`";
  });
}

namespace rows {

std::optional<std::string> read(std::string_view value, bool& into) {
  const std::optional<bool> parsed = base::parse_bool(value);
  if (!parsed) return "is neither true nor false";
  into = *parsed;
  return std::nullopt;
}

std::optional<std::string> read(std::string_view value, std::string& into) {
  into = value;
  return std::nullopt;
}

std::optional<std::string> read(std::string_view value, VariableText& into) {
  into = value;
  return std::nullopt;
}

std::optional<std::string> read(std::string_view value, int& into) {
  const std::optional<std::int64_t> parsed = base::parse_int(value);
  if (!parsed) return "is no whole number";
  if (*parsed < 0) return "is negative";
  if (*parsed > std::numeric_limits<int>::max()) return "is too large";
  into = static_cast<int>(*parsed);
  return std::nullopt;
}

std::optional<std::string> read(std::string_view value, std::uint64_t& into) {
  const std::optional<std::uint64_t> parsed = base::parse_size(value);
  if (!parsed) return "is no size: write digits with an optional k, m or g";
  into = *parsed;
  return std::nullopt;
}

std::optional<std::string> read(std::string_view value, std::chrono::milliseconds& into) {
  const std::optional<std::int64_t> parsed = base::parse_int(value);
  if (!parsed) return "is no number of seconds";
  if (*parsed < 0) return "is negative";
  const std::int64_t longest = base::kMaxDuration / std::chrono::seconds(1);
  into = std::chrono::seconds(*parsed < longest ? *parsed : longest);
  return std::nullopt;
}

std::string text(bool value) {
  return value ? "true" : "false";
}
std::string text(const std::string& value) {
  return value;
}
std::string text(const VariableText& value) {
  return value.source();
}
std::string text(int value) {
  return std::to_string(value);
}
std::string text(std::uint64_t value) {
  return base::size_text(value);
}
std::string text(std::chrono::milliseconds value) {
  return std::to_string(value / std::chrono::seconds(1));
}

Syntax syntax_of(bool) {
  return syntax::boolean();
}
Syntax syntax_of(const std::string&) {
  return syntax::anything();
}
Syntax syntax_of(const VariableText&) {
  return syntax::anything();
}
Syntax syntax_of(int) {
  return syntax::integer();
}
Syntax syntax_of(std::uint64_t) {
  return syntax::size();
}

Syntax syntax_of(std::chrono::milliseconds) {
  Syntax out = syntax::integer();
  out.text = "seconds";
  return out;
}

}  // namespace rows

Spec plan(std::string_view key, const Syntax& syntax, Scope scope, OnInvalid on_invalid, std::string_view doc) {
  return Spec(key, Support::planned, syntax, scope, on_invalid, doc);
}

Spec ignore(std::string_view key, const Syntax& syntax, Scope scope, OnInvalid on_invalid, std::string_view doc) {
  return Spec(key, Support::noop, syntax, scope, on_invalid, doc);
}

Spec snippet(std::string_view key, std::string_view group, Scope scope, std::string_view doc) {
  Spec out(key, Support::refused, syntax::anything(), scope, OnInvalid::deny_location, doc);
  out.group(group).risk(RiskLevel::critical);
  return out;
}

std::optional<std::string_view> SetView::value(std::string_view key) const {
  const auto found = values.find(key);
  if (found == values.end()) return std::nullopt;
  return found->second;
}

bool SetView::is_true(std::string_view key) const {
  const std::optional<std::string_view> text = value(key);
  return text && base::parse_bool(*text).value_or(false);
}

void SetView::deny(std::string_view key, std::string text) {
  reports.push_back({OnInvalid::deny_location, Outcome::invalid, key, std::move(text)});
}

void SetView::fall_back(std::string_view key, std::string text) {
  reports.push_back({OnInvalid::use_default, Outcome::invalid, key, std::move(text)});
}

void SetView::drop_group(std::string_view key, std::string text) {
  reports.push_back({OnInvalid::drop_group, Outcome::ignored, key, std::move(text)});
}

void SetView::planned(std::string_view key, std::string text) {
  reports.push_back({OnInvalid::use_default, Outcome::planned, key, std::move(text)});
}

AnnotationSet annotation_set(std::string_view feature, std::string_view group, const std::vector<Spec>& specs,
                             std::function<void(SetView&)> finish) {
  AnnotationSet out{feature, {}, std::move(finish)};
  for (const Spec& one : specs) {
    out.rows.push_back(one.row());
    if (out.rows.back().group.empty()) out.rows.back().group = group;
  }
  return out;
}

}  // namespace weir::features
