// The subcommands of the program, each made by one function of the file of its name. Main thread.
#pragma once

#include "command_line.h"

#include <string>
#include <vector>

namespace weir::app {

Command serve_command();
Command check_command();
Command explain_command();
Command echo_command();
Command config_command();
Command dbg_command();
Command healthcheck_command();
Command wait_shutdown_command();
Command version_command();
Command docs_command();

std::vector<Command> all_commands();

}  // namespace weir::app
