#pragma once

#include "route/path_pattern.h"
#include "weir/route/lookup.h"

namespace weir::route {

struct Lookup::Impl {
  Matcher matcher;
};

}  // namespace weir::route
