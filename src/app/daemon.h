// Daemon: the running `weir serve`, from start to exit status. Wires files -> loop -> workers, the admin server and the
// signals. Main thread, which is the control thread.
#pragma once

#include "serve_options.h"

namespace weir::app {

// Returns the exit status: 0 after an orderly end, 1 when the start was impossible. A second signal ends the process
// from within, with 128 + its number.
int run_daemon(const ServeOptions& options);

}  // namespace weir::app
