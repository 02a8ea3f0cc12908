// View: what is in force at one moment, borrowed from the control loop or from loaded manifests, for those who explain
// it. Valid as long as nothing new is published; control thread.
#pragma once

#include "weir/base/diagnostic.h"
#include "weir/model/accept.h"
#include "weir/model/model.h"
#include "weir/route/routing_table.h"

namespace weir::app {

struct View {
  const route::RoutingTable& table;
  const model::Model& model;
  const model::AcceptedSet& accepted;
  const base::Diagnostics& diagnostics;
};

}  // namespace weir::app
