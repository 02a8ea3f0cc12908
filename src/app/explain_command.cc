// `weir explain METHOD URL`: the flags and the output; explain.h says what is told.
#include "commands.h"
#include "explain.h"
#include "load_model.h"
#include "print.h"
#include "serve_options.h"
#include "weir/base/ascii.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::app {

Command explain_command() {
  struct State {
    ServeOptions serve;
    ExplainRequest request;
  };
  auto state = std::make_shared<State>();
  state->serve.model.http_port = 80;
  Command command;
  command.name = "explain";
  command.summary = "say which rule wins for a request, why, and what happens then";
  command.positional = "REQUEST";
  command.positional_doc = "METHOD URL, for example: GET https://shop.example.com/api?x=1";
  command.min_positional = 2;
  command.max_positional = 2;
  command.flags = reading_flags(state->serve);
  const auto take = [](std::string& target) {
    return [&target](std::string_view value) -> std::optional<std::string> {
      target = value;
      return std::nullopt;
    };
  };
  const auto port = [](std::uint16_t& target) {
    return [&target](std::string_view value) -> std::optional<std::string> {
      const auto number = base::parse_int(value);
      if (!number || *number < 1 || *number > 65535) return "must be a port number";
      target = static_cast<std::uint16_t>(*number);
      return std::nullopt;
    };
  };
  command.flags.push_back({"manifests", FlagType::text, "", "Request", "Folder or file with the manifests; required",
                           FlagEffect::active, take(state->serve.manifests)});
  command.flags.push_back({"header", FlagType::each, "", "Request",
                           "A request header, \"Name: value\"; may be repeated", FlagEffect::active,
                           [state](std::string_view value) -> std::optional<std::string> {
                             state->request.fields.emplace_back(value);
                             return std::nullopt;
                           },
                           'H'});
  command.flags.push_back({"http-port", FlagType::integer, "80", "Request", "Port that clients see for HTTP",
                           FlagEffect::active, port(state->serve.model.http_port)});
  command.flags.push_back({"https-port", FlagType::integer, "443", "Request", "Port that clients see for HTTPS",
                           FlagEffect::active, port(state->serve.model.https_port)});
  command.run = [state](const std::vector<std::string>& positional, const std::vector<std::string>&) {
    if (state->serve.manifests.empty()) {
      print_error("weir explain: --manifests is missing\n");
      return kExitUsage;
    }
    state->request.method = positional[0];
    state->request.url = positional[1];
    const LoadedModel loaded = load_model({state->serve.manifests}, state->serve.model);
    if (loaded.unreadable) {
      for (const base::Diagnostic& diagnostic : loaded.diagnostics) {
        if (diagnostic.severity == base::Severity::error) print_error(to_string(diagnostic) + "\n");
      }
    }
    const base::Result<std::string> text = explain(view_of(loaded), state->serve.model, state->request);
    if (!text) {
      print_error("weir explain: " + text.error().text() + "\n");
      return kExitUsage;
    }
    print(*text);
    return loaded.unreadable ? 2 : 0;
  };
  return command;
}

}  // namespace weir::app
