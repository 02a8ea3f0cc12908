#include "weir/features/settings_table.h"

#include "features/setting_spec.h"

#include <algorithm>
#include <vector>

namespace weir::features {
namespace {

std::vector<SettingRow> make_table() {
  std::vector<SettingRow> out;
  for (const auto& part : {policy_settings(), tls_settings(), client_settings(), upstream_settings(),
                           global_auth_settings(), log_settings(), engine_settings()}) {
    for (const SettingSpec& one : part) out.push_back(one.row());
  }
  std::sort(out.begin(), out.end(), [](const SettingRow& a, const SettingRow& b) { return a.key < b.key; });
  return out;
}

}  // namespace

std::span<const SettingRow> settings_table() {
  static const std::vector<SettingRow> table = make_table();
  return table;
}

const SettingRow* find_setting(std::string_view key) {
  const std::span<const SettingRow> table = settings_table();
  const auto found = std::lower_bound(table.begin(), table.end(), key,
                                      [](const SettingRow& row, std::string_view name) { return row.key < name; });
  return found != table.end() && found->key == key ? &*found : nullptr;
}

}  // namespace weir::features
