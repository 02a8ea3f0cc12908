// What request_variables.cc offers beside RequestContext::expand(). One worker.
#pragma once

#include <string>
#include <string_view>

namespace weir::proxy {

struct Request;

// $escaped_request_uri, and the way back in a sign-in URL (spec 4.1).
void append_escaped_uri(std::string_view uri, std::string& out);

// add-headers on a response.
void set_added_headers(Request& request);

}  // namespace weir::proxy
