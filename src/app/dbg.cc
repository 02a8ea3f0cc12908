// `weir config` and `weir dbg`: what the Weir that runs here has in force. The second answers as the original's /dbg
// does, which its kubectl plugin calls inside the container.
#include "commands.h"
#include "debug_client.h"
#include "print.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace weir::app {
namespace {

using nlohmann::ordered_json;

std::string percent_encoded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    constexpr char kDigits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    plain ? out.append(1, c) : out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}

// The body of a 2xx, or nothing after a message.
std::optional<std::string> ask(const char* command, std::string socket, const std::string& target) {
  if (socket.empty()) {
    const auto found = find_debug_socket();
    if (!found) {
      print_error(std::string("weir ") + command + ": " + found.error().text() + "\n");
      return std::nullopt;
    }
    socket = *found;
  }
  const auto answer = ask_debug_socket(socket, target);
  if (!answer) {
    print_error(std::string("weir ") + command + ": " + answer.error().text() + "\n");
    return std::nullopt;
  }
  if (answer->status != 200) {
    print_error(std::string("weir ") + command + ": " + answer->body);
    return std::nullopt;
  }
  return answer->body;
}

int print_answer(const char* command, const std::string& socket, const std::string& target) {
  const auto body = ask(command, socket, target);
  if (body) print(*body);
  return body ? 0 : 1;
}

int list_backends(const std::string& socket) {
  const auto body = ask("dbg", socket, "/api/v1/backends");
  if (!body) return 1;
  const auto all = ordered_json::parse(*body, nullptr, false);
  for (const auto& backend : all) print(backend.value("name", "") + "\n");
  return 0;
}

int backend(const std::string& socket, const std::string& name) {
  const auto body = ask("dbg", socket, "/api/v1/backends?name=" + percent_encoded(name));
  if (!body) return 1;
  const auto all = ordered_json::parse(*body, nullptr, false);
  if (!all.is_array() || all.empty()) {
    print_error("A backend of this name was not found.\n");
    return 1;
  }
  print(all.front().dump(1) + "\n");
  return 0;
}

// The original prints certificate and key; Weir says what the certificate is and keeps the key.
int certificate(const std::string& socket, const std::string& host) {
  const auto body = ask("dbg", socket, "/api/v1/certificates");
  if (!body) return 1;
  const auto all = ordered_json::parse(*body, nullptr, false);
  for (const auto& one : all) {
    if (one.value("host", "") != host) continue;
    print(one.dump(1) + "\n");
    return 0;
  }
  print_error("No cert found for host " + host + "\n");
  return 1;
}

constexpr const char* kDbgUsage =
    "usage: dbg backends all | dbg backends list | dbg backends get NAME | dbg certs get HOST | dbg conf | dbg "
    "general\n";

int dbg(const std::string& socket, const std::vector<std::string>& words) {
  const std::string what = words.empty() ? "" : words[0];
  const std::string how = words.size() > 1 ? words[1] : "";
  if (what == "conf" && words.size() == 1) return print_answer("dbg", socket, "/api/v1/config");
  if (what == "general" && words.size() == 1) {
    print("{}\n");
    return 0;
  }
  if (what == "backends" && how == "all") return print_answer("dbg", socket, "/api/v1/backends");
  if (what == "backends" && how == "list") return list_backends(socket);
  if (what == "backends" && how == "get" && words.size() == 3) return backend(socket, words[2]);
  if (what == "certs" && how == "get" && words.size() == 3) return certificate(socket, words[2]);
  print_error(kDbgUsage);
  return kExitUsage;
}

Flag socket_flag(const std::shared_ptr<std::string>& socket) {
  return {"socket",
          FlagType::text,
          "",
          "Daemon",
          "Debug socket of the daemon; empty: the one that runs here",
          FlagEffect::active,
          [socket](std::string_view value) -> std::optional<std::string> {
            *socket = value;
            return std::nullopt;
          }};
}

}  // namespace

Command config_command() {
  Command command;
  command.name = "config";
  command.summary = "print what a running Weir has in force, for all hosts or one";
  command.positional = "HOST";
  command.positional_doc = "That host only";
  command.max_positional = 1;
  auto socket = std::make_shared<std::string>();
  command.flags = {socket_flag(socket)};
  command.run = [socket](const std::vector<std::string>& hosts, const std::vector<std::string>&) {
    return print_answer("config", *socket,
                        "/api/v1/config" + (hosts.empty() ? "" : "?host=" + percent_encoded(hosts[0])));
  };
  return command;
}

Command dbg_command() {
  Command command;
  command.name = "dbg";
  command.summary = "answer as the original's /dbg: backends, certs, conf, general";
  command.positional = "WORDS";
  command.positional_doc = "backends all|list|get NAME, certs get HOST, conf, general";
  command.max_positional = 3;
  auto socket = std::make_shared<std::string>();
  command.flags = {
      socket_flag(socket),
      {"status-port", FlagType::integer, "10246", "Daemon", "The original's flag of this name", FlagEffect::noop, {}}};
  command.run = [socket](const std::vector<std::string>& words, const std::vector<std::string>&) {
    return dbg(*socket, words);
  };
  return command;
}

}  // namespace weir::app
