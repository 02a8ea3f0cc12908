// The parts of to_text(): the compiler keeps a digest of each, so that one changed host does not print all others.
// Ids are never printed: they depend on history, the text only on what is served.
#pragma once

#include "weir/route/routing_table.h"

#include <string>

namespace weir::route {

std::string head_text(const RoutingTable& table);
std::string host_text(const RoutingTable& table, const Host& host);
// `alternative`: name of its canary; empty: none.
std::string backend_text(const Backend& backend, std::string_view alternative);

}  // namespace weir::route
