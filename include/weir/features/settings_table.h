// The table of ConfigMap keys (spec 6), same mechanism as annotations. Pure; any thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/features/annotation_table.h"
#include "weir/features/settings.h"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir::features {

struct SettingRow {
  std::string_view key;
  Support support = Support::planned;
  bool protects = false;  // planned + protects + set: Settings::deny_all_reason
  bool restart = false;   // takes effect at the next start only
  std::string_view type;
  std::string_view default_text;
  std::string_view doc;
  // A text: the value is not usable, or only in part. Then `into` holds what is in force instead: the key's default, or
  // what the text says.
  std::function<std::optional<std::string>(std::string_view value, Settings& into)> apply;
  // planned, noop, refused: is this value something else than the default? empty: any that differs from default_text
  std::function<bool(std::string_view value)> asks;
  std::function<std::string(const Settings&)> print;  // empty: not printed (and for secrets)
};

// All rows, sorted by key. Built once on first use, then read-only.
std::span<const SettingRow> settings_table();
// nullptr if unknown.
const SettingRow* find_setting(std::string_view key);

struct SettingsResult {
  Settings settings;
  std::map<std::string, std::string> used;  // key -> value for rows that took effect
  base::Diagnostics diagnostics;
};

// Defaults plus `data`. A value that does not decode leaves the default of that key and gives a warning.
//
// Codes of diagnostics. warning: setting-invalid, setting-planned, setting-refused, setting-unknown, setting-denies (a
// protecting key that is not implemented, or whose value cannot be used, closes everything). info: setting-noop.
SettingsResult read_settings(const std::map<std::string, std::string>& data, const base::ObjectRef& object);

// docs/options.md, the part about the ConfigMap.
std::string settings_markdown();

}  // namespace weir::features
