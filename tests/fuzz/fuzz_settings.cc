// The controller ConfigMap: lines of "key<TAB>value". Any values give settings and diagnostics, the same ones each
// time.
#include "fuzz/fuzz.h"
#include "weir/features/settings_table.h"

#include <map>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::features;
  std::map<std::string, std::string> map;
  std::string_view input = weir::fuzz::text(data, size);
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    const std::string_view line = input.substr(0, end);
    const std::size_t tab = line.find('\t');
    map[std::string(line.substr(0, tab))] = tab == std::string_view::npos ? std::string_view() : line.substr(tab + 1);
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + 1);
  }
  const weir::base::ObjectRef object{"ConfigMap", "ingress-nginx", "controller"};
  const SettingsResult first = read_settings(map, object);
  for (const auto& diagnostic : first.diagnostics) {
    weir::fuzz::require(!diagnostic.code.empty() && !diagnostic.text.empty(), "diagnostics have code and text");
  }
  for (const SettingRow& row : settings_table()) {
    if (row.print) (void)row.print(first.settings);  // only has to end
  }
  const SettingsResult second = read_settings(map, object);
  weir::fuzz::require(first.settings == second.settings && first.diagnostics == second.diagnostics, "pure");
  return 0;
}
