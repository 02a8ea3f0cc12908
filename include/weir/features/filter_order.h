// The one visible list of filters, in the order of spec 0.1. `app` hands it to the proxy and its mask to the compiler,
// so that neither includes a feature's filter.
#pragma once

#include "weir/features/policies.h"
#include "weir/proxy/filter.h"

#include <cstdint>

namespace weir::features {

// Static; any thread.
proxy::FilterList filter_order();

// Bit i: entry i acts in a location with these policies (route::CompileOptions::filter_mask).
std::uint64_t filter_mask(const Policies& policies);

}  // namespace weir::features
