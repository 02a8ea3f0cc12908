// The order in which Ingresses are processed (spec 2.2), the base of every "first wins". Pure.
#pragma once

#include "weir/model/accept.h"

#include <vector>

namespace weir::model {

// All Ingresses in force, in processing order. Points into `accepted`.
std::vector<const AcceptedPtr*> in_processing_order(const AcceptedSet& accepted);

}  // namespace weir::model
