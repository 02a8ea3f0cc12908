// `weir echo`: a small HTTP/1.1 and WebSocket server that answers with what it received, for demos and tests. Beast
// stays in echo_server.cc.
#include "commands.h"
#include "echo_server.h"
#include "print.h"
#include "weir/base/ascii.h"

#include <memory>

namespace weir::app {

namespace {

std::function<std::optional<std::string>(std::string_view)> into(std::string& target) {
  return [&target](std::string_view value) -> std::optional<std::string> {
    target = value;
    return std::nullopt;
  };
}

}  // namespace

Command echo_command() {
  auto options = std::make_shared<EchoOptions>();
  Command command;
  command.name = "echo";
  command.summary = "a small HTTP and WebSocket server that answers with what it received";
  command.flags = {
      {"port", FlagType::integer, "8080", "", "Port to listen on; 0: any free one, printed at start",
       FlagEffect::active,
       [options](std::string_view value) -> std::optional<std::string> {
         const auto number = base::parse_int(value);
         if (!number || *number < 0 || *number > 65535) return "must be a port number between 0 and 65535";
         options->port = static_cast<std::uint16_t>(*number);
         return std::nullopt;
       }},
      {"address", FlagType::text, "all", "", "IP address to listen on", FlagEffect::active, into(options->address)},
      {"name", FlagType::text, "echo", "", "Name that stands in every answer", FlagEffect::active, into(options->name)},
      {"tls", FlagType::boolean, "false", "", "Speak TLS; needs --cert and --key", FlagEffect::active,
       [options](std::string_view value) -> std::optional<std::string> {
         options->tls = *base::parse_bool(value);
         return std::nullopt;
       }},
      {"cert", FlagType::text, "", "", "PEM file with the certificate chain", FlagEffect::active,
       into(options->certificate_file)},
      {"key", FlagType::text, "", "", "PEM file with the key", FlagEffect::active, into(options->key_file)},
  };
  command.run = [options](const std::vector<std::string>&, const std::vector<std::string>&) {
    if (options->tls && (options->certificate_file.empty() || options->key_file.empty())) {
      print_error("weir echo: --tls needs --cert and --key\n");
      return kExitUsage;
    }
    const base::Result<void> ended = run_echo_server(*options);
    if (!ended) {
      print_error("weir echo: " + ended.error().text() + "\n");
      return 1;
    }
    return 0;
  };
  return command;
}

}  // namespace weir::app
