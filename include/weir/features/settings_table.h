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
  bool protects = false;                 // planned + protects + set: Settings::deny_all_reason
  bool restart = false;                  // takes effect at the next start only
  std::string_view type;
  std::string_view default_text;
  std::string_view doc;
  std::function<std::optional<std::string>(std::string_view value, Settings& into)> apply;  // text: not usable
  std::function<std::string(const Settings&)> print;
};

std::span<const SettingRow> settings_table();

struct SettingsResult {
  Settings settings;
  std::map<std::string, std::string> used;  // key -> value for rows that took effect
  base::Diagnostics diagnostics;
};

// Defaults plus `data`. A value that does not decode leaves the default of that key and gives a warning.
SettingsResult read_settings(const std::map<std::string, std::string>& data, const base::ObjectRef& object);

}  // namespace weir::features
