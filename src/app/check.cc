#include "check.h"

#include "commands.h"
#include "print.h"
#include "serve_options.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

namespace weir::app {

namespace {

std::size_t count(const base::Diagnostics& diagnostics, base::Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(diagnostics.begin(), diagnostics.end(),
                    [severity](const base::Diagnostic& d) { return d.severity == severity; }));
}

std::string counted(std::size_t n, const char* noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace

int check_status(const LoadedModel& loaded, const CheckOptions& options) {
  if (loaded.unreadable) return 2;
  if (count(loaded.diagnostics, base::Severity::error) > 0) return 1;
  return options.strict && count(loaded.diagnostics, base::Severity::warning) > 0 ? 1 : 0;
}

std::string check_output(const LoadedModel& loaded, const CheckOptions& options) {
  const std::size_t errors = count(loaded.diagnostics, base::Severity::error);
  const std::size_t warnings = count(loaded.diagnostics, base::Severity::warning);
  if (options.json) {
    auto list = nlohmann::ordered_json::array();
    for (const base::Diagnostic& d : loaded.diagnostics) {
      list.push_back({{"severity", to_string(d.severity)},
                      {"code", d.code},
                      {"kind", d.object.kind},
                      {"namespace", d.object.ns},
                      {"name", d.object.name},
                      {"key", d.key},
                      {"text", d.text},
                      {"file", d.file},
                      {"line", d.line}});
    }
    const nlohmann::ordered_json all{{"ingresses", loaded.state.ingresses.size()},
                                     {"served", loaded.accepted.ingresses.size()},
                                     {"errors", errors},
                                     {"warnings", warnings},
                                     {"unreadable", loaded.unreadable},
                                     {"diagnostics", std::move(list)}};
    // Objects may hold bytes that are no UTF-8; they are shown as replacement characters.
    return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  std::string out;
  for (const base::Diagnostic& diagnostic : loaded.diagnostics) out += to_string(diagnostic) + "\n";
  out += counted(loaded.state.ingresses.size(), "Ingress") == "1 Ingress"
             ? "1 Ingress"
             : std::to_string(loaded.state.ingresses.size()) + " Ingresses";
  out += ", " + std::to_string(loaded.accepted.ingresses.size()) + " served: " + counted(errors, "error") + ", " +
         counted(warnings, "warning") + "\n";
  return out;
}

Command check_command() {
  struct State {
    ServeOptions serve;
    CheckOptions check;
  };
  auto state = std::make_shared<State>();
  Command command;
  command.name = "check";
  command.summary = "say what is wrong with manifests, before they are applied";
  command.positional = "PATH";
  command.positional_doc = "Manifest files, or folders of .yaml, .yml and .json files";
  command.min_positional = 1;
  command.max_positional = 1000000;
  command.flags = reading_flags(state->serve);
  command.flags.insert(command.flags.begin(),
                       {{"output", FlagType::text, "text", "Output", "text or json", FlagEffect::active,
                         [state](std::string_view value) -> std::optional<std::string> {
                           if (value != "text" && value != "json") return "must be text or json";
                           state->check.json = value == "json";
                           return std::nullopt;
                         },
                         'o'},
                        {"strict", FlagType::boolean, "false", "Output", "Let warnings count: exit 1",
                         FlagEffect::active, [state](std::string_view value) -> std::optional<std::string> {
                           state->check.strict = value != "false" && value != "0";
                           return std::nullopt;
                         }}});
  command.run = [state](const std::vector<std::string>& paths, const std::vector<std::string>&) {
    const LoadedModel loaded = load_model(paths, state->serve.model);
    print(check_output(loaded, state->check));
    return check_status(loaded, state->check);
  };
  return command;
}

}  // namespace weir::app
