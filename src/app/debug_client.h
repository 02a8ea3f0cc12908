// Asks the Weir that runs on this machine, or in this container, over its debug socket. Blocking; main thread.
#pragma once

#include "weir/base/result.h"

#include <string>

namespace weir::app {

// "<folder for temporary files>/weir-<pid>.sock".
std::string debug_socket_path();
// The only socket of the folder that somebody listens on. An error says that there is none, or names all of them.
base::Result<std::string> find_debug_socket();

struct DebugAnswer {
  unsigned status = 0;
  std::string body;
};
base::Result<DebugAnswer> ask_debug_socket(const std::string& socket, const std::string& target);

}  // namespace weir::app
