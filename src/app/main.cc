// The weir program. What it can do stands in commands.h.
#include "commands.h"
#include "print.h"

#include <cstring>
#include <exception>
#include <string>

int main(int argc, char** argv) {
  try {
    const int status = weir::app::run_command_line(argc, argv, weir::app::all_commands());
    const int error = weir::app::print_failure();
    if (error == 0) return status;
    weir::app::print_error(std::string("weir: the output could not be written: ") + std::strerror(error) + "\n");
    return weir::app::kExitUsage;
  } catch (const std::exception& error) {
    weir::app::print_error(std::string("weir: unexpected: ") + error.what() + "\n");
    return 1;
  }
}
