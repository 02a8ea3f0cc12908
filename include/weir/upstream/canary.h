// Does a request go to the canary? (life-of-a-request, step 7; spec 3.2.) Decided once, kept for all its tries.
// Stateless; one worker (the Lookup is its own).
#pragma once

#include "weir/http/head.h"
#include "weir/route/lookup.h"
#include "weir/route/routing_table.h"

#include <cstdint>

namespace weir::upstream {

// `random`: any number, uniform. REQUIRES: the canary has an endpoint.
bool goes_to_canary(const route::Backend& primary, const route::Backend& canary, const http::Fields& fields,
                    route::Lookup& lookup, std::uint32_t random);

}  // namespace weir::upstream
