// Short words for the tests of the annotation tables.
#pragma once

#include "weir/features/annotation_table.h"
#include "weir/features/settings_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace weir::features::testing {

using Keys = std::map<std::string, std::string>;  // annotation keys without prefix

inline const base::ObjectRef kIngress{"Ingress", "default", "web"};
inline const base::ObjectRef kConfigMap{"ConfigMap", "ingress-nginx", "controller"};

inline Settings settings(const Keys& data = {}) {
  return read_settings(data, kConfigMap).settings;
}

inline ReadResult read(const Keys& keys, const Settings& from = settings(), const ReadOptions& options = {}) {
  std::map<std::string, std::string> annotations;
  for (const auto& [key, value] : keys) annotations[options.prefix + "/" + key] = value;
  return read_annotations(annotations, kIngress, from, options);
}

// "warning annotation-invalid rewrite-target", one line per diagnostic, sorted.
inline std::string lines(const base::Diagnostics& diagnostics) {
  std::vector<std::string> out;
  for (const base::Diagnostic& one : diagnostics) {
    out.push_back(std::string(base::to_string(one.severity)) + " " + one.code + " " + one.key + "\n");
  }
  std::sort(out.begin(), out.end());
  std::string text;
  for (const std::string& line : out) text += line;
  return text;
}

inline std::string lines(const ReadResult& result) {
  return lines(result.diagnostics);
}
inline std::string lines(const SettingsResult& result) {
  return lines(result.diagnostics);
}

// How a value of one annotation ends: "ok", "ING", "503 <reason>", or the diagnostics.
inline std::string outcome(const Keys& keys, const Settings& from = settings()) {
  const ReadResult result = read(keys, from);
  if (result.refused) return "ING";
  if (result.policies.deny.denied()) return "503 " + result.policies.deny.reason;
  return result.diagnostics.empty() ? "ok" : lines(result);
}

}  // namespace weir::features::testing
