// $variables of a request (spec 0.4): what a text with $name and ${name} says for it. Names that are not known yet, or
// have no value, are empty. One worker.
#pragma once

#include "proxy/request.h"

#include <string>
#include <string_view>

namespace weir::proxy {

// Appends `text` with its variables filled in.
void expand_variables(const Request& request, std::string_view text, std::string& out);

}  // namespace weir::proxy
