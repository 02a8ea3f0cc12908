// `weir explain`: what the proxy would do with one request, and why. Runs the router, the filters and the rules of
// forwarded headers that a worker runs.
#pragma once

#include "view.h"
#include "weir/base/result.h"
#include "weir/model/options.h"

#include <string>
#include <vector>

namespace weir::app {

struct ExplainRequest {
  std::string method;
  std::string url;                  // "https://shop.example/api?x=1"; "shop.example/api" means http
  std::vector<std::string> fields;  // "Name: value"
};

// An error: the URL or a field is none. A request the proxy would refuse is an explanation, not an error.
base::Result<std::string> explain(const View& view, const model::Options& options, const ExplainRequest& request);

}  // namespace weir::app
