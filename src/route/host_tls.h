// A host's TLS settings beside its certificate, compiled (spec 1.2, 1.7, 4.3). Control thread.
#pragma once

#include "route/path_pattern.h"
#include "weir/base/diagnostic.h"
#include "weir/model/model.h"
#include "weir/route/routing_table.h"

namespace weir::route {

// Fills `tls` and `client_auth` in. Client certificates that cannot be asked for as written close the host.
void add_host_tls(const model::Host& from, Host& to, PatternCache& patterns, base::Diagnostics& diagnostics);

}  // namespace weir::route
