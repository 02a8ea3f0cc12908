#include "diagnostics_log.h"

#include "weir/observe/log.h"

#include <utility>

namespace weir::controller {

void DiagnosticsLog::report(const base::Diagnostics& current) {
  std::set<base::Diagnostic> now(current.begin(), current.end());
  for (const base::Diagnostic& diagnostic : now) {
    if (reported_.contains(diagnostic)) continue;
    switch (diagnostic.severity) {
      case base::Severity::error:
        observe::log::error("controller", "{}", to_string(diagnostic));
        break;
      case base::Severity::warning:
        observe::log::warn("controller", "{}", to_string(diagnostic));
        break;
      case base::Severity::info:
        observe::log::info("controller", "{}", to_string(diagnostic));
        break;
    }
  }
  reported_ = std::move(now);
}

}  // namespace weir::controller
