// Controller metrics that follow from the objects and the table: certificates, orphan Ingresses, sizes, diagnostics,
// and which Ingresses request metrics are kept for (spec 8.1). Control thread.
#pragma once

#include "weir/base/diagnostic_book.h"
#include "weir/model/model.h"
#include "weir/observe/metrics.h"
#include "weir/route/routing_table.h"

namespace weir::controller {

// Before the table is published: requests to an Ingress are counted from its first one on.
void report_live_ingresses(const route::RoutingTable& table, observe::Metrics& metrics);
// `hosts_changed`: since the call before, hosts or certificates did; else only backends.
void report_table(const model::Model& model, const route::RoutingTable& table, bool hosts_changed,
                  observe::Metrics& metrics);
void report_diagnostics(const base::DiagnosticBook& book, observe::Metrics& metrics);

// The first 52 bits of a hex digest: exact as a double.
double hash_as_number(const std::string& hex);

}  // namespace weir::controller
