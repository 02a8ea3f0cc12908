// The effective configuration as text: what `route::to_text` prints, host by host between the marks that the kubectl
// plugin of ingress-nginx cuts at ("## start server HOST", "## end server HOST"). Pure.
#pragma once

#include "weir/route/routing_table.h"

#include <optional>
#include <string>

namespace weir::app {

// `host` empty: everything; nullopt: no such host.
std::optional<std::string> nginx_text(const route::RoutingTable& table, const std::string& host);

}  // namespace weir::app
