// The command line: subcommands and their flags, each flag one row of a table, from which parsing, --help, the nearest
// name of a typing mistake and docs/options.md follow. CLI11 stays in command_line.cc.
//
// Accepts what pflag and klog accept: --x=v, --x v, bare booleans, --x=false, -v=3, names with "_" for "-"; a repeated
// flag takes its last value, a list collects. Main thread, at start.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::app {

enum class FlagType { boolean, text, integer, number, duration, list, each };

// active: does what its text says. noop: accepted, has no meaning in Weir. planned: accepted, has no effect yet.
enum class FlagEffect { active, noop, planned };

struct Flag {
  std::string name;
  FlagType type = FlagType::text;
  std::string default_text;
  std::string group;
  std::string doc;
  FlagEffect effect = FlagEffect::active;
  // Takes the value; a text when it cannot be used: "must be a port number". `each` is called for every occurrence,
  // `list` once with all of them joined by commas, the others once with the last. Empty: only checked for its type.
  std::function<std::optional<std::string>(std::string_view value)> apply;
  char short_name = 0;  // -v
};

struct Command {
  std::string name;
  std::string summary;
  std::vector<Flag> flags;
  std::string positional;  // name of the positional arguments in the help; empty: none are expected
  std::string positional_doc;
  std::size_t min_positional = 0;
  std::size_t max_positional = 0;
  // Runs after all flags were applied; the exit status of the program. `given`: names of the flags that were set.
  std::function<int(const std::vector<std::string>& positional, const std::vector<std::string>& given)> run;
  bool hidden = false;  // not in the help
};

inline constexpr int kExitUsage = 2;

// Parses and runs. A call without a command but with flags is `serve`: container images call the program like that. By
// the names of the files of the ingress-nginx image the program is one command: nginx-ingress-controller is `serve`,
// wait-shutdown and dbg are the commands of these names.
int run_command_line(int argc, char** argv, const std::vector<Command>& commands);

// "must be ..." or nullopt.
std::optional<std::string> check_flag_type(FlagType type, std::string_view value);
// Go's notation: "1m30s", "250ms", "0"; seconds. nullopt: not a duration.
std::optional<double> parse_go_duration(std::string_view text);

// One Markdown table per group.
std::string flags_markdown(const std::vector<Flag>& flags);

}  // namespace weir::app
