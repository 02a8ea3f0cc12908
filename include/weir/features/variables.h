// The names of variables that may stand in values as $name or ${name} (spec 0.4). Only names live here; who evaluates
// them knows their meaning. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::features {

// True for the fixed names, for families such as http_X, arg_X and cookie_X, and for the captures 1..9.
bool is_known_variable(std::string_view name);

// The first thing after a `$` that is no known variable ("nosuch"; empty text for a bare `$` or an open brace);
// nullopt when all of `text` can be interpolated.
std::optional<std::string> find_unknown_variable(std::string_view text);

}  // namespace weir::features
