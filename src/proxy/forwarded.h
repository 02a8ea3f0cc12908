// Whom a request comes from, and over which scheme, host and port, as far as its peer may say so (spec 5.2).
#pragma once

#include "weir/proxy/filter.h"

#include <string>
#include <string_view>

namespace weir::proxy {

// Fills request.forwarded. REQUIRES: head, connection and table are set.
void resolve_forwarded(RequestContext& request);

// The values of all fields of that name, joined by ", ": several lines count as one list.
void append_joined(const http::Fields& fields, std::string_view name, std::string& out);

}  // namespace weir::proxy
