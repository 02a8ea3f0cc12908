// The variables of log formats (spec 0.4, 4.14): name -> how its value is appended. Pure.
#pragma once

#include "weir/observe/access_log.h"
#include "weir/observe/log_text.h"

#include <string>
#include <string_view>
#include <vector>

namespace weir::observe {

struct LogVariable {
  std::string_view name;  // without "$"; a family ends in "_": "http_"
  void (*write)(const AccessLogEntry& entry, std::string_view argument, LogText& out) = nullptr;
  bool raw = false;                                  // digits and fixed words: needs no escaping
  bool dash_when_empty = true;                       // false: nginx sets it to "" instead of leaving it undefined
  std::string_view AccessLogEntry::*text = nullptr;  // what `write` would append, where that is all it does
};

// Exact names first, then families; nullptr if unknown. `argument` gets the rest of a family's name ("x_id").
const LogVariable* find_log_variable(std::string_view name, std::string_view& argument);
std::vector<std::string_view> log_variable_names();

// The same for sessions of TCP and UDP services (stream_variables.cc).
const LogVariable* find_stream_variable(std::string_view name);
std::vector<std::string_view> stream_variable_names();

}  // namespace weir::observe
