// The route that a request takes, told on the page of `weir explain`: its host, who competes for it there, and where
// the settings of the winner come from.
#pragma once

#include "explain_page.h"
#include "view.h"
#include "weir/proxy/filter.h"

#include <optional>
#include <string>

namespace weir::app {

void show_host(ExplainPage& page, const proxy::RequestContext& request);

// How a TLS connection that is passed on unread ends; nullopt: TLS ends here. The server name of the connection is
// taken to be the URL's.
std::optional<std::string> passed_on(ExplainPage& page, const proxy::RequestContext& request);

// Of the request's host: locations that match, rules that lost when the Ingresses were merged, canaries without effect.
void show_candidates(ExplainPage& page, const proxy::RequestContext& request, const View& view);

// Of the request's location.
void show_settings(ExplainPage& page, const proxy::RequestContext& request, const model::AcceptedSet& accepted);

}  // namespace weir::app
