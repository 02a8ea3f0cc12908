#include "features/setting_spec.h"

#include "weir/base/ascii.h"
#include "weir/base/duration.h"
#include "weir/features/variables.h"

#include <limits>

namespace weir::features {

SettingSpec::SettingSpec(std::string_view key, Support support, std::string_view type, std::string_view default_text,
                         std::string_view doc) {
  row_.key = key;
  row_.support = support;
  row_.type = type;
  row_.default_text = default_text;
  row_.doc = doc;
}

SettingSpec& SettingSpec::type(std::string_view text) {
  row_.type = text;
  return *this;
}

SettingSpec& SettingSpec::default_text(std::string_view text) {
  row_.default_text = text;
  return *this;
}

SettingSpec& SettingSpec::restart() {
  row_.restart = true;
  return *this;
}

SettingSpec& SettingSpec::protects() {
  row_.protects = true;
  return *this;
}

SettingSpec& SettingSpec::asks(std::function<bool(std::string_view)> asks) {
  row_.asks = std::move(asks);
  return *this;
}

SettingSpec& SettingSpec::apply(std::function<std::optional<std::string>(std::string_view, Settings&)> apply) {
  row_.apply = std::move(apply);
  return *this;
}

SettingSpec& SettingSpec::print(std::function<std::string(const Settings&)> print) {
  row_.print = std::move(print);
  return *this;
}

SettingSpec& SettingSpec::check(std::function<std::optional<std::string>(std::string_view)> check) {
  row_.apply = [check = std::move(check), next = std::move(row_.apply)](std::string_view value,
                                                                        Settings& into) -> std::optional<std::string> {
    if (auto problem = check(value)) return problem;
    return next ? next(value, into) : std::nullopt;
  };
  return *this;
}

SettingSpec& SettingSpec::check_variables() {
  return check([](std::string_view value) -> std::optional<std::string> {
    const std::optional<std::string> unknown = find_unknown_variable(value);
    if (!unknown) return std::nullopt;
    return unknown->empty() ? "has a `$` that starts no variable" : "has an unknown variable `$" + *unknown + "`";
  });
}

namespace rows {

std::optional<std::string> read(std::string_view value, std::chrono::seconds& into) {
  std::chrono::milliseconds time{0};
  if (auto problem = read(value, time)) return problem;
  into = std::chrono::duration_cast<std::chrono::seconds>(time);
  return std::nullopt;
}

std::optional<std::string> read(std::string_view value, std::uint32_t& into) {
  const std::optional<std::int64_t> parsed = base::parse_int(value);
  if (!parsed) return "is no whole number";
  if (*parsed < 0) return "is negative";
  if (*parsed > std::numeric_limits<std::uint32_t>::max()) return "is too large";
  into = static_cast<std::uint32_t>(*parsed);
  return std::nullopt;
}

std::optional<std::string> read(std::string_view value, std::vector<std::string>& into) {
  into = base::split_list(value);
  return std::nullopt;
}

std::string text(std::chrono::seconds value) {
  return std::to_string(value.count());
}
std::string text(std::uint32_t value) {
  return std::to_string(value);
}
std::string text(const std::vector<std::string>& value) {
  return base::join(value, ",");
}

std::string_view type_of(bool) {
  return "bool";
}
std::string_view type_of(int) {
  return "number";
}
std::string_view type_of(std::uint32_t) {
  return "number";
}
std::string_view type_of(std::uint64_t) {
  return "size";
}
std::string_view type_of(std::chrono::seconds) {
  return "seconds";
}
std::string_view type_of(std::chrono::milliseconds) {
  return "seconds";
}
std::string_view type_of(const std::string&) {
  return "text";
}
std::string_view type_of(const VariableText&) {
  return "text";
}
std::string_view type_of(const std::vector<std::string>&) {
  return "comma list";
}

std::optional<std::string> read_time(std::string_view value, std::chrono::seconds& into) {
  const auto time = base::parse_duration(value);
  if (!time) return "is no time such as 60, 10m or 1h";
  into = std::chrono::ceil<std::chrono::seconds>(*time);
  return std::nullopt;
}

std::string time_text(std::chrono::seconds value) {
  return base::duration_text(value);
}

}  // namespace rows

SettingSpec plan_setting(std::string_view key, std::string_view type, std::string_view default_text,
                         std::string_view doc) {
  return {key, Support::planned, type, default_text, doc};
}

SettingSpec ignore_setting(std::string_view key, std::string_view type, std::string_view default_text,
                           std::string_view doc) {
  return {key, Support::noop, type, default_text, doc};
}

SettingSpec refuse_setting(std::string_view key, std::string_view doc) {
  return {key, Support::refused, "text", "", doc};
}

}  // namespace weir::features
