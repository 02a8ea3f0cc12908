// Logs diagnostics when they appear. A message that stays as it is from turn to turn is not repeated; one that went
// away and comes back is. Control thread.
#pragma once

#include "weir/base/diagnostic.h"

#include <set>

namespace weir::controller {

class DiagnosticsLog {
 public:
  // `current`: all diagnostics of this turn.
  void report(const base::Diagnostics& current);

 private:
  std::set<base::Diagnostic> reported_;
};

}  // namespace weir::controller
