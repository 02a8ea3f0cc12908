// What request_variables.cc offers beside RequestContext::expand(). One worker.
#pragma once

#include <string_view>

namespace weir::proxy {

struct Request;
struct RequestContext;

// What a wildcard host's name leaves open; empty for other hosts.
std::string_view subdomain_of(const RequestContext& request);

// add-headers on a response.
void set_added_headers(Request& request);

}  // namespace weir::proxy
