#include "diagnostics_log.h"

#include "weir/observe/log.h"

namespace weir::controller {

void log_diagnostics(const base::Diagnostics& fresh) {
  for (const base::Diagnostic& diagnostic : fresh) {
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
}

}  // namespace weir::controller
