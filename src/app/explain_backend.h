// Where a request goes behind its location, told on the page of `weir explain`: backend, endpoints, canary, stand-in.
#pragma once

#include "explain_page.h"
#include "weir/proxy/filter.h"
#include "weir/route/routing_table.h"

#include <string>

namespace weir::app {

struct Destination {
  std::string outcome;   // if the filters let the request through
  bool guarded = false;  // the filters of Stop::live_backend are asked before
};

Destination show_backend(ExplainPage& page, const proxy::RequestContext& request);

void show_endpoints(ExplainPage& page, const route::Backend& backend);

}  // namespace weir::app
