// Endpoints of one Service port (spec 2.7). Pure.
#pragma once

#include "model/slice_index.h"
#include "weir/model/build.h"

#include <string>
#include <string_view>

namespace weir::model {

// <namespace>-<service>-<port as written> (spec 2.7).
std::string backend_name(std::string_view ns, std::string_view service, std::string_view port);

// Fills state, endpoints and external name of `backend`, whose ns, service, port and name are set. `service` may be
// null.
void resolve(const kube::Service* service, const Slices& slices, const kube::PortRef& port, bool service_upstream,
             const Options& options, Backend& backend, base::Diagnostics& diagnostics);

// The same for a TCP or UDP service (spec 4.14): the port is found by number, or by name if the text is none, and by
// `protocol`, "TCP" or "UDP". Endpoints that cannot be had are not told of twice: the caller tells of the port.
void resolve_port(const kube::Service& service, const Slices& slices, const std::string& port,
                  std::string_view protocol, const Options& options, Backend& backend, base::Diagnostics& diagnostics);

}  // namespace weir::model
