// Inspection: the read-only JSON API about what is in force (docs/inspection-api.md), served on the debug socket and,
// with --admin-page, on --healthz-port; also the answers of `weir config` and `weir dbg`. Holds no secret. Pure;
// nlohmann/json stays inside inspection.cc.
#pragma once

#include "view.h"
#include "weir/model/options.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::app {

struct InspectionAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// `target`: request target of a GET, "/api/v1/hosts?host=shop.example". `now`: seconds since 1970. An unknown path
// gives 404, a parameter that can't be used 400.
InspectionAnswer inspect(const View& view, const model::Options& options, std::string_view target, std::int64_t now);

}  // namespace weir::app
