// The version of this build, as printed, logged and shown in build_info.
#pragma once

#include <string>

namespace weir::app {

std::string version_text();    // "0.1.0"
std::string version_banner();  // several lines

}  // namespace weir::app
