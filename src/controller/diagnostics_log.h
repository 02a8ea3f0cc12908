// Logs diagnostics by severity. Control thread.
#pragma once

#include "weir/base/diagnostic.h"

namespace weir::controller {

// `fresh`: those that have not been logged yet (DiagnosticBook::take_new()).
void log_diagnostics(const base::Diagnostics& fresh);

}  // namespace weir::controller
