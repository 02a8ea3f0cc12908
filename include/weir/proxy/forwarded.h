// Whom a request comes from, and over which scheme, host and port, as far as its peer may say so (spec 5.2). Also run
// by `weir explain`, so that it says what the proxy does.
#pragma once

#include "weir/proxy/filter.h"

namespace weir::proxy {

// Fills request.forwarded. REQUIRES: head, connection and table are set.
void resolve_forwarded(RequestContext& request);

// Was there a PROXY header, and may the peer (proxy-real-ip-cidr) say such things?
bool has_trusted_proxy_header(const ClientConnection& connection, const features::Settings& settings);

// Who is at the other end before anything was read: the peer, or whom a trusted PROXY header names.
base::IpAddress address_of(const ClientConnection& connection, const features::Settings& settings);

}  // namespace weir::proxy
