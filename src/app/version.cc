#include "version.h"

#include "commands.h"
#include "print.h"

#include <memory>
#include <nlohmann/json.hpp>

namespace weir::app {

std::string version_text() {
  return WEIR_VERSION;
}

std::string version_banner() {
  const std::string rule(79, '-');
  return rule + "\nWeir\n  Release:       " + version_text() + "\n  Build:         " + build_id() +
         "\n  Compatibility: ingress-nginx 1.15.1\n  Compiler:      " __VERSION__ "\n" + rule + "\n";
}

Command version_command() {
  Command command;
  command.name = "version";
  command.summary = "print the version";
  auto json = std::make_shared<bool>(false);
  command.flags = {{"output", FlagType::text, "text", "", "text or json", FlagEffect::active,
                    [json](std::string_view value) -> std::optional<std::string> {
                      if (value != "text" && value != "json") return "must be text or json";
                      *json = value == "json";
                      return std::nullopt;
                    },
                    'o'}};
  command.run = [json](const std::vector<std::string>&, const std::vector<std::string>&) {
    if (*json) {
      print(nlohmann::ordered_json{
                {"release", version_text()}, {"build", build_id()}, {"compatibility", "ingress-nginx 1.15.1"}}
                .dump() +
            "\n");
    } else {
      print(version_banner());
    }
    return 0;
  };
  return command;
}

}  // namespace weir::app
