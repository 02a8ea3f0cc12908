// What a plain (unquoted) YAML scalar means to Kubernetes. Its tools read YAML by go-yaml v2 (YAML 1.1 without base 60)
// and turn it into JSON: yes, on and y are booleans, 010 is octal, 1e3 is a number, dates are strings. Pure.
#pragma once

#include <string>
#include <string_view>

namespace weir::watch {

// `text` as a JSON string.
std::string json_string(std::string_view text);

// The JSON value of a plain scalar. Empty: JSON has no such value (.nan, .inf).
std::string json_of_plain(std::string_view text);

}  // namespace weir::watch
