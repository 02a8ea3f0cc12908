// Reading JSON that may be anything. Pure. Only .cc files that parse JSON include it: nlohmann/json is costly to
// compile.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace weir::watch {

// A member; null when it is absent or `value` is no object. As long-lived as `value`.
inline const nlohmann::json& member(const nlohmann::json& value, const char* key) {
  static const nlohmann::json null;
  if (!value.is_object()) return null;
  const auto it = value.find(key);
  return it == value.end() ? null : *it;
}

// Empty when it is no string.
inline std::string text_of(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace weir::watch
