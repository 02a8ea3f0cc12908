// How the rows of the ConfigMap's table are written: `setting` for keys that fill a member of Settings, `plan_setting`,
// `ignore_setting` and `refuse_setting` for the others. Parsing, printing and the default follow from the member's
// type.
//
//   setting("hsts", in_defaults(&Policies::hsts, &HstsPolicy::enabled), "...")
//   setting("keep-alive", in_settings(&Settings::keep_alive), "...")
//
// Included by src/features/settings_*.cc only. Pure; any thread.
#pragma once

#include "features/annotation_spec.h"
#include "weir/features/settings_table.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::features {

// Gives the member of a Settings value; called with Settings& or const Settings&.
template <class Value>
auto in_settings(Value Settings::*member) {
  return [member](auto& settings) -> auto& {
    return settings.*member;
  };
}

template <class Feature, class Value>
auto in_defaults(Feature Policies::*feature, Value Feature::*value) {
  return [ feature, value ](auto& settings) -> auto& {
    return settings.defaults.*feature.*value;
  };
}

class SettingSpec {
 public:
  SettingSpec(std::string_view key, Support support, std::string_view type, std::string_view default_text,
              std::string_view doc);

  SettingSpec& type(std::string_view text);
  SettingSpec& default_text(std::string_view text);
  SettingSpec& restart();
  SettingSpec& protects();  // set and planned: everything answers 503
  SettingSpec& asks(std::function<bool(std::string_view)> asks);
  SettingSpec& apply(std::function<std::optional<std::string>(std::string_view, Settings&)> apply);
  SettingSpec& print(std::function<std::string(const Settings&)> print);
  // A further condition on the trimmed value; the text says what is wrong, and the default stays.
  SettingSpec& check(std::function<std::optional<std::string>(std::string_view)> check);
  SettingSpec& check_variables();

  const SettingRow& row() const { return row_; }

 private:
  SettingRow row_;
};

namespace rows {
std::optional<std::string> read(std::string_view value, std::chrono::seconds& into);
std::optional<std::string> read(std::string_view value, std::uint32_t& into);
std::optional<std::string> read(std::string_view value, std::vector<std::string>& into);
std::string text(std::chrono::seconds value);
std::string text(std::uint32_t value);
std::string text(const std::vector<std::string>& value);
std::string_view type_of(bool);
std::string_view type_of(int);
std::string_view type_of(std::uint32_t);
std::string_view type_of(std::uint64_t);
std::string_view type_of(std::chrono::seconds);
std::string_view type_of(std::chrono::milliseconds);
std::string_view type_of(const std::string&);
std::string_view type_of(const VariableText&);
std::string_view type_of(const std::vector<std::string>&);
// A time with units ("10m", "1h"), where the original hands the text to its proxy.
std::optional<std::string> read_time(std::string_view value, std::chrono::seconds& into);
std::string time_text(std::chrono::seconds value);
}  // namespace rows

template <class Member>
SettingSpec setting(std::string_view key, Member member, std::string_view doc) {
  const Settings sample;
  SettingSpec out(key, Support::exact, rows::type_of(member(sample)), "", doc);
  out.apply([member](std::string_view value, Settings& into) { return rows::read(value, member(into)); });
  out.print([member](const Settings& from) { return rows::text(member(from)); });
  return out;
}

// "on" or "off" into a bool.
template <class Member>
SettingSpec switch_setting(std::string_view key, Member member, std::string_view doc) {
  SettingSpec out(key, Support::exact, "on or off", "", doc);
  out.apply([member](std::string_view value, Settings& into) -> std::optional<std::string> {
    if (value != "on" && value != "off") return "is neither on nor off";
    member(into) = value == "on";
    return std::nullopt;
  });
  out.print([member](const Settings& from) { return std::string(member(from) ? "on" : "off"); });
  return out;
}

template <class Member>
SettingSpec time_setting(std::string_view key, Member member, std::string_view doc) {
  SettingSpec out(key, Support::exact, "time", "", doc);
  out.apply([member](std::string_view value, Settings& into) { return rows::read_time(value, member(into)); });
  out.print([member](const Settings& from) { return rows::time_text(member(from)); });
  return out;
}

SettingSpec plan_setting(std::string_view key, std::string_view type, std::string_view default_text,
                         std::string_view doc);
SettingSpec ignore_setting(std::string_view key, std::string_view type, std::string_view default_text,
                           std::string_view doc);
SettingSpec refuse_setting(std::string_view key, std::string_view doc);  // raw text

// The parts of the table, by section of the behaviour they configure (spec 6.1 to 6.7).
std::vector<SettingSpec> policy_settings();
std::vector<SettingSpec> tls_settings();
std::vector<SettingSpec> client_settings();
std::vector<SettingSpec> compression_settings();
void set_default_types(CompressionSettings& settings);
std::vector<SettingSpec> upstream_settings();
std::vector<SettingSpec> global_auth_settings();
std::vector<SettingSpec> log_settings();
std::vector<SettingSpec> engine_settings();

}  // namespace weir::features
