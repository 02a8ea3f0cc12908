// Controller metrics that follow from the objects and the table: certificates, orphan Ingresses, sizes, diagnostics,
// and which Ingresses request metrics are kept for (spec 8.1). Control thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/model/model.h"
#include "weir/observe/metrics.h"
#include "weir/route/routing_table.h"

namespace weir::controller {

void report_table(const model::Model& model, const route::RoutingTable& table, observe::Metrics& metrics);
void report_diagnostics(const base::Diagnostics& diagnostics, observe::Metrics& metrics);

// The first 52 bits of a hex digest: exact as a double.
double hash_as_number(const std::string& hex);

}  // namespace weir::controller
