// What forwarded.cc offers beside weir/proxy/forwarded.h.
#pragma once

#include "weir/http/head.h"
#include "weir/proxy/forwarded.h"

#include <string>
#include <string_view>

namespace weir::proxy {

// The values of all fields of that name, joined by ", ": several lines count as one list.
void append_joined(const http::Fields& fields, std::string_view name, std::string& out);

// Who the next proxy is told about: the source of a trusted PROXY header, else the TCP peer.
void append_proxied_for(const RequestContext& request, std::string& out);

}  // namespace weir::proxy
