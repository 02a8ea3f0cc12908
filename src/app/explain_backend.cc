#include "explain_backend.h"

#include "weir/base/ascii.h"
#include "weir/upstream/canary.h"

#include <cstdint>
#include <vector>

namespace weir::app {
namespace {

// Its rules in the order they are asked (spec 3.2).
std::string canary_text(const features::CanaryPolicy& rules) {
  std::string text;
  if (!rules.header.empty()) {
    text += "by header " + rules.header;
    if (!rules.header_value.empty()) {
      text += " = " + rules.header_value;
    } else if (!rules.header_pattern.empty()) {
      text += " ~ " + rules.header_pattern;
    }
    text += ", ";
  }
  if (!rules.cookie.empty()) text += "by cookie " + rules.cookie + ", ";
  return text + "weight " + std::to_string(rules.weight) + " of " + std::to_string(rules.total());
}

// Whom an affinity cookie, the canary's header and its cookie decide for; else its weight (spec 3.2).
std::string chosen_of(ExplainPage& page, const proxy::RequestContext& request, const route::Backend& primary) {
  const route::Backend* canary = request.table->find_backend(primary.alternative);
  if (canary == nullptr) return primary.name;
  page.line("canary", canary->name + ", " + canary_text(canary->canary) +
                          (canary->usable() ? "" : "; it has no endpoints: the primary gets all requests"));
  if (!canary->usable()) return primary.name;
  const auto total = static_cast<std::uint32_t>(canary->canary.total());
  const bool lowest = upstream::goes_to_canary(primary, *canary, request.head.fields, *request.lookup, 0);
  const bool highest = upstream::goes_to_canary(primary, *canary, request.head.fields, *request.lookup, total - 1);
  if (lowest && highest) return "the canary " + canary->name;
  if (!lowest) return primary.name;
  return primary.name + ", or by weight, " + std::to_string(canary->canary.weight) + " of " + std::to_string(total) +
         ", to the canary " + canary->name;
}

// Counted at run time only: who comes too often gets the limit's status instead.
void show_limits(ExplainPage& page, const proxy::RequestContext& request) {
  const features::RateLimitPolicy& policy = request.policies().rate_limit;
  std::vector<std::string> all;
  const auto add = [&all](const char* name, int limit) {
    if (limit > 0) all.push_back(std::string(name) + " " + std::to_string(limit));
  };
  add("limit-connections", policy.connections);
  add("limit-rps", policy.rps);
  add("limit-rpm", policy.rpm);
  if (all.empty()) return;
  page.line("limits", base::join(all, ", ") + ": a client beyond them gets " +
                          std::to_string(request.settings().limit_req_status) + "; nobody is counted here");
}

}  // namespace

void show_endpoints(ExplainPage& page, const route::Backend& backend) {
  if (!backend.external_name.empty()) {
    page.line("external name", backend.external_name + ":" + std::to_string(backend.external_port));
  }
  for (const route::Endpoint& endpoint : backend.endpoints) page.line("endpoint", endpoint.text);
}

Destination show_backend(ExplainPage& page, const proxy::RequestContext& request) {
  const route::RoutingTable& table = *request.table;
  const route::Location& location = *request.location;
  // In front of the built-in 404, too, those are asked who guard the location (spec 2.2, 2.7).
  Destination built_in_404{"404, no default backend", true};
  page.section("upstream");
  page.line("request line", std::string(request.head.method_text()) + " " +
                                (request.target.empty() ? std::string(request.head.target()) : request.target));
  if (!request.forwarded_prefix.empty()) page.line("forwarded", "X-Forwarded-Prefix: " + request.forwarded_prefix);
  const route::Backend* backend = table.find_backend(location.backend);
  if (!backend) {
    page.line("backend", "none: the built-in 404");
    return built_in_404;
  }
  page.line("backend", backend->name);
  show_endpoints(page, *backend);
  std::string chosen;
  if (backend->usable()) {
    chosen = chosen_of(page, request, *backend);
  } else if (const route::Backend* stand_in = table.find_backend(location.error_backend);
             stand_in != nullptr && stand_in->usable()) {
    page.line("stand-in", stand_in->name + " (default-backend), for the backend has no endpoints");
    show_endpoints(page, *stand_in);
    chosen = stand_in->name + " with X-Code: 503";
  } else if (location.backend == table.default_backend) {
    return built_in_404;
  } else {
    return {"503, the backend has no endpoints (no-endpoints)", false};
  }
  show_limits(page, request);
  return {"proxied to " + chosen, true};
}

}  // namespace weir::app
