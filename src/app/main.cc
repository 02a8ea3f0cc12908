// The weir program. What it can do stands in commands.h.
#include "commands.h"
#include "print.h"

#include <exception>
#include <string>

int main(int argc, char** argv) {
  try {
    return weir::app::run_command_line(argc, argv, weir::app::all_commands());
  } catch (const std::exception& error) {
    weir::app::print_error(std::string("weir: unexpected: ") + error.what() + "\n");
    return 1;
  }
}
