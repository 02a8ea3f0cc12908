// Annotations: lines of "key<TAB>value" become the map of one Ingress; keys get the prefix. Any values give policies
// and diagnostics, the same ones each time.
#include "fuzz/fuzz.h"
#include "weir/features/annotation_table.h"
#include "weir/features/settings_table.h"

#include <map>

namespace {

std::map<std::string, std::string> read_map(std::string_view input, const std::string& prefix) {
  std::map<std::string, std::string> map;
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    const std::string_view line = input.substr(0, end);
    const std::size_t tab = line.find('\t');
    std::string value;
    // "\n" in a value stands for a line break.
    if (tab != std::string_view::npos) value = line.substr(tab + 1);
    for (std::size_t at = value.find("\\n"); at != std::string::npos; at = value.find("\\n", at))
      value.replace(at, 2, "\n");
    map[prefix + std::string(line.substr(0, tab))] = value;
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + 1);
  }
  return map;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::features;
  static const Settings settings = read_settings({}, {}).settings;
  const auto map = read_map(weir::fuzz::text(data, size), "nginx.ingress.kubernetes.io/");
  const weir::base::ObjectRef object{"Ingress", "default", "web"};
  ReadOptions options;
  options.validate = size % 4 != 0;  // --enable-annotation-validation=false now and then
  const ReadResult first = read_annotations(map, object, settings, options);
  weir::fuzz::require(!first.refused || !first.refused_text.empty(), "a refusal has a text");
  for (const auto& diagnostic : first.diagnostics) {
    weir::fuzz::require(!diagnostic.code.empty() && !diagnostic.text.empty(), "diagnostics have code and text");
    weir::fuzz::require(diagnostic.object == object, "diagnostics name the object");
  }
  for (const auto& row : annotation_table()) {
    if (row.print) (void)row.print(first.policies);  // only has to end
  }
  const ReadResult second = read_annotations(map, object, settings, options);
  weir::fuzz::require(first.policies == second.policies && first.diagnostics == second.diagnostics, "pure");
  return 0;
}
