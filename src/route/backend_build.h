// One backend of the model, compiled: ids, the algorithm in force and what it needs. Deterministic but for the ids.
// Control thread.
#pragma once

#include "route/ids.h"
#include "weir/base/diagnostic.h"
#include "weir/model/model.h"
#include "weir/route/routing_table.h"

#include <cstdint>
#include <memory>

namespace weir::route {

struct BuiltBackend {
  std::shared_ptr<Backend> backend;
  base::Diagnostics diagnostics;
};

BuiltBackend build_backend(const model::Backend& from, Ids& ids, std::uint64_t revision);

}  // namespace weir::route
