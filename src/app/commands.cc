#include "commands.h"

namespace weir::app {

std::vector<Command> all_commands() {
  std::vector<Command> commands;
  commands.push_back(serve_command());
  commands.push_back(check_command());
  commands.push_back(explain_command());
  commands.push_back(echo_command());
  commands.push_back(config_command());
  commands.push_back(dbg_command());
  commands.push_back(healthcheck_command());
  commands.push_back(wait_shutdown_command());
  commands.push_back(version_command());
  commands.push_back(docs_command());
  return commands;
}

}  // namespace weir::app
