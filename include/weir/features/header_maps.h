// Headers out of ConfigMaps: custom-headers, add-headers, proxy-set-headers (spec 4.8). What a name and a value may
// look like. Pure; any thread.
#pragma once

#include "weir/features/custom_headers/policy.h"
#include "weir/features/variables.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir::features {

struct HeaderMap {
  std::vector<HeaderField> fields;    // sorted by name
  std::vector<std::string> problems;  // one text per entry that cannot be used
};

// custom-headers: names of letters, digits, `-` and `_` that are among `allowed`, values of the original's characters.
HeaderMap read_custom_headers(const std::map<std::string, std::string>& data, const std::vector<std::string>& allowed);

struct HeaderTextMap {
  std::vector<HeaderText> fields;  // sorted by name
  std::vector<std::string> problems;
};

// add-headers, proxy-set-headers, auth-proxy-set-headers: any header name and value, `$variables` in values. White
// space around a value goes. Headers that frame messages are refused for either direction.
HeaderTextMap read_header_texts(const std::map<std::string, std::string>& data);

// " name=value name=value", for tables as text.
std::string header_fields_text(const std::vector<HeaderField>& fields);
std::string header_fields_text(const std::vector<HeaderText>& fields);

}  // namespace weir::features
